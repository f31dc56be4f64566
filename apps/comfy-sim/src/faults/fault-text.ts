import { aboutKind, faultKinds, type FaultKind } from './fault-kinds';

export interface Fault {
  readonly kind: FaultKind;
  /** Node id or class name, or what else the kind is aimed at; anything when absent. */
  readonly node?: string;
  /** 1-based tick of the progress bar; absent means before the first one. */
  readonly tick?: number;
  /** How often it strikes before it is used up; absent means as the kind says. */
  readonly times?: number;
  readonly ms?: number;
  readonly factor?: number;
  /** An exit code, megabytes, a count: see the kind. */
  readonly amount?: number;
  /** A spelling or a text: see the kind. */
  readonly word?: string;
}

/** Faults drawn by chance: at each prompt, with this probability, one of these kinds is armed. */
export interface RandomFaults {
  readonly kind: 'random';
  readonly seed: number;
  /** 0 to 1. */
  readonly rate: number;
  readonly kinds?: readonly FaultKind[];
}

const shape = /^([a-z0-9-]+)(?:@([^/*=]+)(?:\/(\d+))?)?(?:\*(\d+))?(?:=(.+))?$/;
const randomShape = /^random:(\d+)(?::([a-z0-9,-]+))?(?:=(\d*\.?\d+))?$/;
const defaultRate = 0.2;

/** `kind[@node[/tick]][*times][=value]`: `oom@3`, `oom@KSampler/5=hip`, `crash=134`, `slow=4`. */
export function parseFault(text: string): Fault {
  const match = shape.exec(text.trim());
  const kind = faultKinds.find((known) => known === match?.[1]);
  if (match === null || kind === undefined) throw new Error(`not a fault: ${text} (kinds: ${faultKinds.join(', ')})`);
  const [, , node, tick, times, value] = match;
  return {
    kind,
    ...(node === undefined ? {} : { node }),
    ...(tick === undefined ? {} : { tick: Number(tick) }),
    ...(times === undefined ? {} : { times: Number(times) }),
    ...(value === undefined ? {} : parseValue(text, kind, value)),
  };
}

/** A fault as above, or `random:SEED[:kind,kind][=rate]`. */
export function parseFaultOrRandom(text: string): Fault | RandomFaults {
  const match = randomShape.exec(text.trim());
  if (match === null) return parseFault(text);
  const [, seed, listed, rate] = match;
  const kinds = listed?.split(',').map((kind) => parseFault(kind).kind);
  const chosen = rate === undefined ? defaultRate : Number(rate);
  if (chosen > 1) throw new Error(`not a fault: ${text} (the rate is a probability, 0 to 1)`);
  return { kind: 'random', seed: Number(seed), rate: chosen, ...(kinds === undefined ? {} : { kinds }) };
}

function parseValue(text: string, kind: FaultKind, value: string): Partial<Fault> {
  const { value: meaning } = aboutKind(kind);
  if (meaning === undefined) throw new Error(`not a fault: ${text} (${kind} takes no value)`);
  if (meaning === 'word') return { word: value };
  if (!/^-?\d+(?:\.\d+)?$/.test(value)) throw new Error(`not a fault: ${text} (${kind} takes a number)`);
  return { [meaning]: Number(value) };
}
