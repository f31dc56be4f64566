import { dict, float, type PyDict, type PyValue } from '../python/values';
import type { Preview } from '../socket/frames';
import type { Publisher } from '../socket/publisher';
import type { DynamicPrompt } from './dynamic-prompt';

interface NodeProgress {
  value: PyValue;
  max: PyValue;
  state: 'running' | 'finished';
}

/** Whose message a prompt's events are; null means everybody. */
interface Audience {
  readonly clientId: string | null;
}

/** The cumulative `progress_state` of one prompt: every message carries all nodes seen so far. */
export class Progress {
  private readonly nodes = new Map<string, NodeProgress>();

  constructor(
    private readonly promptId: string,
    private readonly prompt: DynamicPrompt,
    private readonly audience: Audience,
    private readonly publisher: Publisher,
  ) {}

  start(id: string): void {
    this.nodes.set(id, { value: float(0), max: float(1), state: 'running' });
    this.send();
  }

  /** Typed previews come before the `progress` message, bare ones behind it. */
  update(id: string, value: number, max: number, preview: Preview | undefined): void {
    const { clientId } = this.audience;
    const typed = preview !== undefined && this.publisher.supportsPreviewMetadata(clientId);
    this.nodes.set(id, { value, max, state: 'running' });
    this.send();
    if (typed) this.publisher.publishPreviewWithMetadata(preview, this.identity(id), clientId);
    this.publisher.publish('progress', dict({ value, max, prompt_id: this.promptId, node: id }), clientId);
    if (preview !== undefined && !typed) this.publisher.publishPreview(preview, clientId);
  }

  finish(id: string): void {
    const entry = this.nodes.get(id) ?? { value: 1, max: 1, state: 'finished' };
    this.nodes.set(id, { value: entry.max, max: entry.max, state: 'finished' });
    this.send();
  }

  private send(): void {
    const nodes: PyDict = new Map(
      [...this.nodes].map(([id, { value, max, state }]) => [
        id,
        new Map<string, PyValue>([['value', value], ['max', max], ['state', state], ...this.identity(id)]),
      ]),
    );
    this.publisher.publish('progress_state', dict({ prompt_id: this.promptId, nodes }), this.audience.clientId);
  }

  private identity(id: string): PyDict {
    const { prompt } = this;
    return dict({
      node_id: id,
      prompt_id: this.promptId,
      display_node_id: prompt.displayId(id),
      parent_node_id: prompt.parentId(id),
      real_node_id: prompt.realId(id),
    });
  }
}
