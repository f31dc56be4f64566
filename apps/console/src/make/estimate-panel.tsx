import type { EstimateAnswer, Preset } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { durationOf, rangeOf } from '../ui/words';
import type { Estimating } from './use-estimate';

interface Props {
  readonly estimate: Estimating;
  readonly preset: Preset;
  readonly onPreset: (preset: Preset) => void;
}

/** When it would be ready with each preset; the chosen one with its interval and on what that rests. */
export function EstimatePanel({ estimate: { answer, error, isIdle }, preset, onPreset }: Props) {
  return (
    <section className="panel" aria-labelledby="estimate" aria-live="polite">
      <h2 id="estimate">Ready when</h2>
      {isIdle && <p className="fine">Say what it should be; then Tower says when it would be ready.</p>}
      {error !== null && <p className="fine">{toProblem(error).message}</p>}
      {!isIdle && error === null && answer === undefined && <p className="fine">Asking …</p>}
      {answer !== undefined && <Chosen answer={answer} />}
      {answer !== undefined && <Presets answer={answer} preset={preset} onPreset={onPreset} />}
    </section>
  );
}

function Chosen({ answer }: { answer: EstimateAnswer }) {
  const { chosen, suggestion, warnings, refusal } = answer;
  return (
    <>
      <p className="big">{chosen.ready_in === null ? 'Not known' : `in ${durationOf(chosen.ready_in)}`}</p>
      <p>
        {chosen.low !== null && chosen.high !== null && `${rangeOf(chosen.low, chosen.high)}, `}
        {chosen.width} × {chosen.height}
        {chosen.gpu !== null && `, on ${chosen.gpu}`}
      </p>
      <p className="fine">{chosen.basis}</p>
      {chosen.given_up.map(({ sentence }) => (
        <p key={sentence} className="note">
          {sentence}
        </p>
      ))}
      {refusal !== null && <p className="field-error">{refusal.detail}</p>}
      {suggestion !== null && <p className="note">{suggestion}</p>}
      {warnings.map((warning) => (
        <p key={warning} className="note">
          {warning}
        </p>
      ))}
    </>
  );
}

function Presets({ answer, preset, onPreset }: { answer: EstimateAnswer } & Pick<Props, 'preset' | 'onPreset'>) {
  return (
    <div className="presets" role="group" aria-label="Presets">
      {answer.presets.map((one) => (
        <button
          key={one.preset}
          type="button"
          aria-pressed={one.preset === preset}
          onClick={() => onPreset(one.preset)}
        >
          <strong>{one.preset}</strong>
          <span>{one.ready_in === null ? 'not known' : durationOf(one.ready_in)}</span>
          <span className="fine">
            {one.width} × {one.height}
          </span>
        </button>
      ))}
    </div>
  );
}
