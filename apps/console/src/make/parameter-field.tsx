import type { Preset, WorkflowParameterView, WorkflowView } from '@tower/contracts';
import { Choice, Field } from '../ui/field';
import { valueOfPreset } from './draft';
import { InputField } from './input-field';

interface Props {
  readonly parameter: WorkflowParameterView;
  readonly workflow: WorkflowView;
  readonly preset: Preset;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/** `cfg_scale` as `Cfg scale` */
const titleOf = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function limitsOf({ min, max, multiple_of, remainder, unit, about }: WorkflowParameterView): string | undefined {
  const range = min !== null && max !== null && max < Number.MAX_SAFE_INTEGER ? `${min} to ${max}` : '';
  const steps =
    multiple_of === null || multiple_of === 1
      ? ''
      : `in steps of ${multiple_of}${remainder ? ` plus ${remainder}` : ''}`;
  const words = [[range, unit === null || range === '' ? '' : `${unit}s`].join(' ').trim(), steps, about ?? ''];
  const said = words.filter((word) => word !== '').join(', ');
  return said === '' ? undefined : said;
}

/** One parameter, by its type; empty means what the preset gives, which stands in it in grey. */
export function ParameterField({ parameter, workflow, preset, value, onChange, error }: Props) {
  const given = valueOfPreset(workflow, preset, parameter);
  const label = titleOf(parameter.name);
  const hint = limitsOf(parameter);
  const field = { label, value, onChange, error, ...(hint === undefined ? {} : { hint }) };
  const asGiven = given === null ? 'choose' : `${given} (preset)`;
  switch (parameter.type) {
    case 'boolean':
      return (
        <Choice
          {...field}
          options={[
            ['', given === true ? 'yes (preset)' : 'no (preset)'],
            ['true', 'yes'],
            ['false', 'no'],
          ]}
        />
      );
    case 'choice':
    case 'model':
      if (parameter.choices !== null)
        return <Choice {...field} options={[['', asGiven], ...parameter.choices.map((one) => [one, one] as const)]} />;
      return <Field {...field} placeholder={given === null ? 'needed' : String(given)} />;
    case 'integer':
    case 'number':
      return (
        <Field
          {...field}
          kind="number"
          step={parameter.type === 'integer' ? 1 : 'any'}
          placeholder={given === null ? 'needed' : String(given)}
        />
      );
    case 'text':
      return <Field {...field} kind="long" placeholder={given === null ? '' : String(given)} />;
    case 'image':
    case 'film':
      return <InputField label={label} parameter={parameter} value={value} onChange={onChange} error={error} />;
  }
}
