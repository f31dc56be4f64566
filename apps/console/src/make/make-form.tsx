import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, type FormEvent } from 'react';
import type { FieldError, Preset, ProjectView, WorkflowView } from '@tower/contracts';
import { api, newIdempotencyKey } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { charactersQuery } from '../api/queries';
import { priorities } from '../jobs/job-states';
import { Button } from '../ui/button';
import { Choice, Field } from '../ui/field';
import { CardsForIt } from './cards-for-it';
import { errorOf, errorsElsewhere, hasParameter, presetsOf, requestOf, shownParameters, type Draft } from './draft';
import { EstimatePanel } from './estimate-panel';
import { FromFile } from './from-file';
import { Loras } from './loras';
import { ParameterField } from './parameter-field';
import { withMetadata } from './uploads';
import { References } from './references';
import { useEstimate } from './use-estimate';

interface FormProps {
  readonly workflow: WorkflowView;
  readonly projects: readonly ProjectView[];
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

const ownFields = [
  'prompt',
  'negative_prompt',
  'seed',
  'count',
  'preset',
  'project_id',
  'time_budget_seconds',
  'lora_models',
  'ipadapter_refs',
];

/** Sends the request; the same key for the same form, so that a press that was answered late makes nothing twice. */
function useGenerate(draft: Draft, workflow: WorkflowView) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const key = useRef(newIdempotencyKey());
  return useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/anime/generate', {
          params: { header: { 'Idempotency-Key': key.current } },
          body: requestOf(draft, workflow),
        }),
      ),
    onSettled: () => (key.current = newIdempotencyKey()),
    onSuccess: ({ job_id }) => {
      void queries.invalidateQueries({ queryKey: ['jobs'] });
      void navigate({ to: '/jobs/$id', params: { id: job_id } });
    },
  });
}

export function MakeForm({ workflow, projects, draft, onChange }: FormProps) {
  const generate = useGenerate(draft, workflow);
  const estimate = useEstimate(draft, workflow);
  const refused = generate.error ?? estimate.error;
  const errors = refused === null ? [] : toProblem(refused).fields;
  const shown = [...ownFields, ...shownParameters(workflow).map(({ name }) => name)];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    generate.mutate();
  };
  const form = { workflow, projects, draft, onChange, errors };
  return (
    <form className="make" onSubmit={submit}>
      <div className="make-fields">
        <FromFile onMetadata={(metadata) => onChange(withMetadata(draft, metadata, workflow))} />
        <Wish {...form} />
        <Choices {...form} />
        <More {...form} />
        {workflow.takes.references && <References draft={draft} onChange={onChange} errors={errors} />}
        {workflow.takes.loras && <Loras draft={draft} onChange={onChange} errors={errors} />}
      </div>
      <aside className="make-side">
        <EstimatePanel
          estimate={estimate}
          preset={draft.preset}
          onPreset={(preset) => onChange({ ...draft, preset })}
        />
        <Refused error={generate.error} others={errorsElsewhere(errors, shown)} />
        <Button type="submit" kind="main" busy={generate.isPending}>
          Make it
        </Button>
        <CardsForIt cards={workflow.cards} />
      </aside>
    </form>
  );
}

type Part = FormProps & { readonly errors: readonly FieldError[] };

/** What is wrong and has no field of its own. */
function Refused({ error, others }: { error: unknown; others: readonly FieldError[] }) {
  if (error === null && others.length === 0) return null;
  return (
    <div className="failure" role="alert">
      {error !== null && <strong>{toProblem(error).message}</strong>}
      <ul>
        {others.map(({ pointer, message }) => (
          <li key={pointer}>
            <code>{pointer}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Wish({ workflow, draft, onChange, errors }: Part) {
  const set = (change: Partial<Draft>): void => onChange({ ...draft, ...change });
  return (
    <>
      {hasParameter(workflow, 'prompt') && (
        <Field
          label="Prompt"
          kind="long"
          value={draft.prompt}
          onChange={(prompt) => set({ prompt })}
          error={draft.prompt === '' ? undefined : errorOf(errors, 'prompt')}
          placeholder="a girl with blue hair at the window"
          hint="{blue|red} makes one of the two; <lora:style:0.8> adds a LoRA."
        />
      )}
      {hasParameter(workflow, 'negative_prompt') && (
        <Field
          label="Not in it"
          kind="long"
          value={draft.negativePrompt}
          onChange={(negativePrompt) => set({ negativePrompt })}
          error={errorOf(errors, 'negative_prompt')}
        />
      )}
    </>
  );
}

function Choices({ workflow, projects, draft, onChange, errors }: Part) {
  const set = (change: Partial<Draft>): void => onChange({ ...draft, ...change });
  const presets = presetsOf(workflow);
  return (
    <div className="fields">
      <Choice
        label="Project"
        value={draft.projectId}
        onChange={(projectId) => set({ projectId, characterIds: [] })}
        options={projects.map(({ id, name }) => [id, name])}
        error={errorOf(errors, 'project_id')}
      />
      <Choice
        label="Preset"
        value={draft.preset}
        onChange={(value) =>
          set({ preset: presets.find((preset): preset is Preset => preset === value) ?? draft.preset })
        }
        options={presets.map((preset) => [preset, preset])}
        error={errorOf(errors, 'preset')}
      />
      {hasParameter(workflow, 'seed') && (
        <>
          <Field
            label="How many"
            kind="number"
            min={1}
            max={64}
            value={draft.count}
            onChange={(count) => set({ count })}
            error={errorOf(errors, 'count')}
          />
          <Field
            label="Seed"
            kind="number"
            min={0}
            value={draft.seed}
            onChange={(seed) => set({ seed })}
            error={errorOf(errors, 'seed')}
            placeholder="chosen for you"
          />
        </>
      )}
      <Characters draft={draft} onChange={onChange} />
    </div>
  );
}

function Characters({ draft, onChange }: Pick<Part, 'draft' | 'onChange'>) {
  const { data = [] } = useQuery(charactersQuery());
  const ofProject = data.filter(({ project_id }) => project_id === draft.projectId);
  if (ofProject.length === 0) return null;
  const turn = (id: string): void =>
    onChange({
      ...draft,
      characterIds: draft.characterIds.includes(id)
        ? draft.characterIds.filter((one) => one !== id)
        : [...draft.characterIds, id],
    });
  return (
    <fieldset className="checks">
      <legend>Characters</legend>
      {ofProject.map(({ id, name }) => (
        <label key={id}>
          <input type="checkbox" checked={draft.characterIds.includes(id)} onChange={() => turn(id)} />
          <span dir="auto">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Everything else that the workflow takes; inputs that have to be given stand open. */
function More({ workflow, draft, onChange, errors }: Part) {
  const parameters = shownParameters(workflow);
  const isNeeded = ({ type, optional }: (typeof parameters)[number]): boolean =>
    (type === 'image' || type === 'film') && !optional;
  const field = (parameter: (typeof parameters)[number]) => (
    <ParameterField
      key={parameter.name}
      parameter={parameter}
      workflow={workflow}
      preset={draft.preset}
      value={draft.values[parameter.name] ?? ''}
      onChange={(value) => onChange({ ...draft, values: { ...draft.values, [parameter.name]: value } })}
      error={errorOf(errors, parameter.name)}
    />
  );
  const others = parameters.filter((parameter) => !isNeeded(parameter));
  const hasError = others.some(({ name }) => errorOf(errors, name) !== undefined);
  return (
    <>
      {parameters.filter(isNeeded).map(field)}
      <details open={hasError || others.some(({ name }) => (draft.values[name] ?? '') !== '')}>
        <summary>Size, steps and everything else</summary>
        <div className="fields">
          {others.map(field)}
          <Choice
            label="Priority"
            value={draft.priority}
            onChange={(value) =>
              onChange({ ...draft, priority: priorities.find((one) => one === value) ?? draft.priority })
            }
            options={priorities.map((priority) => [priority, priority])}
          />
          <Field
            label="Ready within, minutes"
            kind="number"
            min={0}
            step="any"
            value={draft.budget}
            onChange={(budget) => onChange({ ...draft, budget })}
            error={errorOf(errors, 'time_budget_seconds')}
            placeholder="no hurry"
            hint="The best that is ready by then is made."
          />
        </div>
      </details>
    </>
  );
}
