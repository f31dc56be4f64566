import { WebSocket } from 'ws';
import type { FrameTamper, Publisher } from '../socket/publisher';
import type { Faults } from './faults';
import { FrameFaults, type TextFrame } from './frame-faults';

const defaultHoldMs = 1000;

/** The faults of the sockets: broken, dead, deaf or stolen, and strange frames. */
export class SocketFaults implements FrameTamper {
  private readonly frames: FrameFaults;
  private readonly thieves = new Set<WebSocket>();

  constructor(private readonly faults: Faults) {
    this.frames = new FrameFaults(faults);
  }

  mangle(frame: TextFrame): TextFrame[] {
    return this.frames.mangle(frame);
  }

  wantsPackPreviews(): boolean {
    return this.faults.isArmed('vhs-preview-frame') !== undefined;
  }

  /** `drop-socket@progress` waits for that message; without one it struck when it was armed. */
  beforeDelivery(type: string): void {
    if (this.faults.strike('drop-socket', { node: type }) !== undefined) this.publisher?.dropAll();
  }

  private publisher: Publisher | undefined;
  private url = '';

  attach(publisher: Publisher, url: string): void {
    this.publisher = publisher;
    this.url = url;
    this.apply();
  }

  /** What strikes at once, as soon as there is a socket to strike. */
  apply(): void {
    const { publisher, faults } = this;
    if (publisher === undefined) return;
    const stall = faults.strike('stall-publisher');
    if (stall !== undefined) publisher.hold(stall.ms ?? defaultHoldMs);
    const sids = publisher.connectedIds();
    if (sids.length === 0) return;
    // Asked without a place, a fault that is aimed at a message does not answer.
    if (faults.strike('drop-socket') !== undefined || faults.isArmed('refuse-upgrade') !== undefined)
      publisher.dropAll();
    if (faults.strike('dead-socket') !== undefined) publisher.deadenAll();
    if (faults.strike('deaf-socket') !== undefined) publisher.deafenAll();
    if (faults.strike('steal-client-id') !== undefined) for (const sid of sids) this.steal(sid);
  }

  stop(): void {
    for (const thief of this.thieves) thief.terminate();
  }

  /** A second tab under the same id: it gets everything, the first one nothing more. */
  private steal(sid: string): void {
    const thief = new WebSocket(`${this.url.replace('http', 'ws')}/ws?clientId=${encodeURIComponent(sid)}`);
    thief.on('error', () => this.thieves.delete(thief));
    this.thieves.add(thief);
  }
}
