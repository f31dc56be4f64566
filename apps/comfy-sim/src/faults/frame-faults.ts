import { dict, float, isDict, toNumber, isNumeric, type PyDict, type PyValue } from '../python/values';
import type { Faults } from './faults';

export interface TextFrame {
  readonly type: string;
  readonly data: PyDict;
}

const defaultPadding = 5000;

/** What packs and later versions put on the socket, and how progress bars misbehave. */
export class FrameFaults {
  constructor(private readonly faults: Faults) {}

  /** The frames which go out in place of one. */
  mangle(frame: TextFrame): TextFrame[] {
    const isProgress = frame.type === 'progress' || frame.type === 'progress_state';
    const copies = isProgress && this.faults.isArmed('duplicate-progress') !== undefined ? [frame, frame] : [frame];
    return [...this.strange(frame), ...copies.flatMap((copy) => this.reset(this.huge(copy)))];
  }

  /** A second bar in the same node: the value falls back to the start. */
  private reset(frame: TextFrame): TextFrame[] {
    const max = frame.data.get('max') ?? null;
    if (frame.type !== 'progress' || !isNumeric(max) || this.faults.isArmed('progress-reset') === undefined)
      return [frame];
    return [
      frame,
      { type: 'progress', data: new Map<string, PyValue>([...frame.data, ['value', 1], ['max', toNumber(max) * 2]]) },
    ];
  }

  private huge(frame: TextFrame): TextFrame {
    const fault = frame.type === 'progress_state' ? this.faults.isArmed('huge-progress-state') : undefined;
    const nodes = frame.data.get('nodes') ?? null;
    if (fault === undefined || !isDict(nodes)) return frame;
    const padding = Array.from({ length: fault.amount ?? defaultPadding }, (_, index): [string, PyValue] => {
      const id = `padding.${index}`;
      return [
        id,
        dict({
          value: float(1),
          max: float(1),
          state: 'finished',
          node_id: id,
          prompt_id: frame.data.get('prompt_id') ?? null,
          display_node_id: id,
          parent_node_id: null,
          real_node_id: id,
        }),
      ];
    });
    return {
      type: frame.type,
      data: new Map<string, PyValue>([...frame.data, ['nodes', new Map([...nodes, ...padding])]]),
    };
  }

  private strange(frame: TextFrame): TextFrame[] {
    if (frame.type !== 'progress' || this.faults.isArmed('unknown-messages') === undefined) return [];
    return [
      {
        type: 'crystools.monitor',
        data: dict({ cpu_utilization: 12, gpus: [dict({ gpu_utilization: 97, vram_used: 1 })] }),
      },
      {
        type: 'display_component',
        data: dict({ node_id: frame.data.get('node') ?? null, component: 'Preview', props: dict({}) }),
      },
      { type: 'assets.seed.started', data: dict({ roots: ['output'], phase: 'enrich' }) },
    ];
  }
}
