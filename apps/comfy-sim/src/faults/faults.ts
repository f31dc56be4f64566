import { aboutKind, faultKinds, type FaultKind } from './fault-kinds';
import { parseFault, parseFaultOrRandom, type Fault, type RandomFaults } from './fault-text';
import { RandomDraw } from './random-draw';

export { faultKinds, parseFault, parseFaultOrRandom, type Fault, type FaultKind, type RandomFaults };

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** Where something happens that a fault may be aimed at. */
interface FaultPlace {
  readonly node?: string;
  readonly classType?: string;
  readonly tick?: number;
}

/** The switchboard: faults are armed from outside and asked for by the code they strike. */
export class Faults {
  private armed: Armed[] = [];
  private draws: RandomDraw[] = [];
  private readonly listeners = new Set<() => void>();

  arm(fault: Fault | RandomFaults): void {
    if (fault.kind === 'random') this.draws.push(new RandomDraw(fault));
    else this.armed.push({ fault, left: fault.times ?? (aboutKind(fault.kind).lasts === 'once' ? 1 : Infinity) });
    this.announce();
  }

  clear(kind?: FaultKind | 'random'): void {
    this.armed = kind === undefined ? [] : this.armed.filter(({ fault }) => fault.kind !== kind);
    if (kind === undefined || kind === 'random') this.draws = [];
    this.announce();
  }

  list(): (Fault | RandomFaults)[] {
    return [
      ...this.armed.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, times: left } : fault)),
      ...this.draws.map(({ faults }) => faults),
    ];
  }

  /** Lets chance decide; asked once per prompt. */
  draw(): Fault[] {
    const drawn = this.draws.flatMap((draw) => draw.next() ?? []);
    for (const fault of drawn) this.arm(fault);
    return drawn;
  }

  /** Finds and uses up one strike. */
  strike(kind: FaultKind, where: FaultPlace = {}): Fault | undefined {
    const found = this.find(kind, where);
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.armed = this.armed.filter((other) => other !== found);
    return found.fault;
  }

  /** Looks without using anything up. */
  isArmed(kind: FaultKind, where: FaultPlace = {}): Fault | undefined {
    return this.find(kind, where)?.fault;
  }

  /** All armed faults of one kind. */
  all(kind: FaultKind): Fault[] {
    return this.armed.filter(({ fault }) => fault.kind === kind).map(({ fault }) => fault);
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private announce(): void {
    for (const listener of this.listeners) listener();
  }

  private find(kind: FaultKind, where: FaultPlace): Armed | undefined {
    return this.armed.find(
      ({ fault }) =>
        fault.kind === kind &&
        (fault.node === undefined || fault.node === where.node || fault.node === where.classType) &&
        (where.node === undefined || fault.tick === where.tick),
    );
  }
}
