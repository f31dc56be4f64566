import type { FieldError } from '@tower/contracts';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import type { Draft, LoraDraft } from './draft';

interface Props {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly errors: readonly FieldError[];
}

/** LoRAs by name and strength; Tower says at its field when no card has one. */
export function Loras({ draft, onChange, errors }: Props) {
  const set = (loras: readonly LoraDraft[]): void => onChange({ ...draft, loras });
  const change = (at: number, change: Partial<LoraDraft>): void =>
    set(draft.loras.map((lora, index) => (index === at ? { ...lora, ...change } : lora)));
  const wrong = (at: number): string | undefined =>
    errors.find(({ pointer }) => pointer.startsWith(`/lora_models/${at}`))?.message;
  return (
    <fieldset className="loras">
      <legend>LoRAs</legend>
      {draft.loras.map((lora, at) => (
        <div className="lora" key={at}>
          <Field
            label="File"
            value={lora.name}
            onChange={(name) => change(at, { name })}
            error={wrong(at)}
            placeholder="style.safetensors"
          />
          <Field
            label="Strength"
            kind="number"
            step="any"
            value={lora.strength}
            onChange={(strength) => change(at, { strength })}
          />
          <Button kind="quiet" onClick={() => set(draft.loras.filter((_, index) => index !== at))}>
            Leave out
          </Button>
        </div>
      ))}
      <Button kind="quiet" onClick={() => set([...draft.loras, { name: '', strength: '1' }])}>
        Add a LoRA
      </Button>
    </fieldset>
  );
}
