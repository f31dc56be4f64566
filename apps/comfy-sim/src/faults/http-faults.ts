import type { Clock } from '../clock';
import { text, type Reply } from '../http/reply';
import { PyError } from '../python/errors';
import { dict, type PyDict } from '../python/values';
import type { EventLoop } from './event-loop';
import type { Faults } from './faults';
import type { ProcessState } from './process-state';

/** Thrown by a route that did its work: the answer is lost, and the connection with it. */
export class ReplyLost extends Error {}

/** The faults between a request and its answer. */
export class HttpFaults {
  constructor(
    private readonly faults: Faults,
    private readonly state: ProcessState,
    private readonly loop: EventLoop,
    private readonly clock: Clock,
  ) {}

  /** What a request waits for before it is looked at. */
  async before(path: string): Promise<void> {
    await this.loop.free();
    const route = path.replace(/^\/api(?=\/)/, '');
    const slow = /^\/history\b/.test(route)
      ? 'slow-history'
      : /^\/object_info\b/.test(route)
        ? 'slow-object-info'
        : undefined;
    const fault = slow === undefined ? undefined : this.faults.strike(slow);
    if (fault !== undefined) await this.clock.wait(fault.ms ?? 1000);
    // It asks the driver how much memory is free, and the driver does not answer.
    if (route === '/system_stats' && this.state.gpuHangs) await this.clock.forever();
  }

  /**
   * A prompt that is not taken for its own sake: by aiohttp for its size, by a proxy, or by a node pack that throws
   * over it.
   */
  refused(): Reply | undefined {
    const fault = this.faults.strike('refuse-prompt');
    if (fault === undefined) return undefined;
    const status = fault.amount ?? 413;
    if (status === 500) throw new PyError('KeyError', "'class_type'");
    return text(
      status,
      status === 413 ? 'Maximum request body size 104857600 exceeded.' : `${status}: the request is refused`,
    );
  }

  /** After a prompt was queued: what becomes of the answer. */
  async accepted(): Promise<void> {
    if (this.faults.strike('reply-lost') !== undefined) throw new ReplyLost();
    if (this.faults.strike('accepted-500') !== undefined)
      throw new PyError('TypeError', "'<' not supported between instances of 'dict' and 'dict'");
    const late = this.faults.strike('reply-late');
    if (late !== undefined) await (late.ms === undefined ? this.clock.forever() : this.clock.wait(late.ms));
  }

  /**
   * Takes one of several outputs out of a valid prompt, as if its input were missing. A prompt with one output has no
   * other that would still run, and stays as it is.
   */
  dropOutput(
    outputs: readonly string[],
    classTypeOf: (id: string) => string,
  ): { outputs: readonly string[]; nodeErrors: PyDict } | undefined {
    if (outputs.length < 2) return undefined;
    const dropped = outputs.find(
      (id) => this.faults.strike('partial-node-errors', { node: id, classType: classTypeOf(id) }) !== undefined,
    );
    if (dropped === undefined) return undefined;
    const error = dict({
      type: 'required_input_missing',
      message: 'Required input is missing',
      details: 'images',
      extra_info: dict({ input_name: 'images' }),
    });
    return {
      outputs: outputs.filter((id) => id !== dropped),
      nodeErrors: new Map([
        [dropped, dict({ errors: [error], dependent_outputs: [dropped], class_type: classTypeOf(dropped) })],
      ]),
    };
  }
}
