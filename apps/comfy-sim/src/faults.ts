export const faultKinds = [
  'crash', 'hang', 'oom', 'black-image', 'slow', 'reply-lost', 'history-delay', 'refuse', 'stall-publisher',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Node id or class name; any node when absent. */
  readonly node?: string;
  /** 1-based tick of the progress bar; absent means before the first one. */
  readonly tick?: number;
  /** How often it strikes before it is used up; absent means until it is cleared. */
  readonly times?: number;
  readonly ms?: number;
  readonly factor?: number;
}

/** What kind of fault is armed for one strike only unless said otherwise. */
const oneShot: ReadonlySet<FaultKind> = new Set(['crash', 'hang', 'oom', 'reply-lost', 'refuse', 'stall-publisher']);

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** The switchboard: faults are armed from outside and asked for by the code they strike. */
export class Faults {
  private armed: Armed[] = [];
  private readonly listeners = new Set<() => void>();

  arm(fault: Fault): void {
    this.armed.push({ fault, left: fault.times ?? (oneShot.has(fault.kind) ? 1 : Infinity) });
    for (const listener of this.listeners) listener();
  }

  clear(kind?: FaultKind): void {
    this.armed = kind === undefined ? [] : this.armed.filter(({ fault }) => fault.kind !== kind);
    for (const listener of this.listeners) listener();
  }

  list(): Fault[] {
    return this.armed.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, times: left } : fault));
  }

  /** Finds and uses up one strike. */
  strike(kind: FaultKind, where: { node?: string; classType?: string; tick?: number } = {}): Fault | undefined {
    const found = this.find(kind, where);
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.armed = this.armed.filter((other) => other !== found);
    return found.fault;
  }

  /** Looks without using anything up. */
  isArmed(kind: FaultKind): Fault | undefined {
    return this.find(kind, {})?.fault;
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private find(kind: FaultKind, where: { node?: string; classType?: string; tick?: number }): Armed | undefined {
    return this.armed.find(({ fault }) => fault.kind === kind
      && (fault.node === undefined || fault.node === where.node || fault.node === where.classType)
      && (where.node === undefined || fault.tick === where.tick));
  }
}

/** `kind[@node[/tick]][*times][=number]`, where the number is ms, or the factor of `slow`: `oom@3`, `crash@KSampler/5`, `slow=4`. */
export function parseFault(text: string): Fault {
  const match = /^([a-z-]+)(?:@([^/*=]+)(?:\/(\d+))?)?(?:\*(\d+))?(?:=(\d+(?:\.\d+)?))?$/.exec(text.trim());
  const kind = faultKinds.find((known) => known === match?.[1]);
  if (match === null || kind === undefined) throw new Error(`not a fault: ${text} (kinds: ${faultKinds.join(', ')})`);
  const [, , node, tick, times, amount] = match;
  return {
    kind,
    ...(node === undefined ? {} : { node }),
    ...(tick === undefined ? {} : { tick: Number(tick) }),
    ...(times === undefined ? {} : { times: Number(times) }),
    ...(amount === undefined ? {} : kind === 'slow' ? { factor: Number(amount) } : { ms: Number(amount) }),
  };
}
