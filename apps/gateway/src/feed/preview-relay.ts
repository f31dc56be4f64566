import type { BusConnection } from '@tower/bus';
import { previewFilter, previewView, type PreviewView } from '@tower/contracts';
import type { Msg } from 'nats';

/** Somebody who is shown what is being made, as ready-made messages. */
export interface PreviewReader {
  wantsPreviewsOf(jobId: string): boolean;
  takePreview(message: string): void;
}

/**
 * Passes previews on to those who ask for them. While nobody does, nothing is listened to: then the message server
 * drops them before they travel.
 */
export class PreviewRelay {
  private readonly readers = new Set<PreviewReader>();
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly bus: Pick<BusConnection, 'listen'>,
    private readonly toMessage: (preview: PreviewView) => string,
  ) {}

  /** Returns the way to leave. */
  add(reader: PreviewReader): () => void {
    this.readers.add(reader);
    this.stopListening ??= this.bus.listen(previewFilter, (message) => this.tell(message));
    return () => {
      this.readers.delete(reader);
      if (this.readers.size === 0) this.stop();
    };
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }

  private tell(sent: Msg): void {
    const jobId = sent.subject.slice(sent.subject.lastIndexOf('.') + 1);
    const readers = [...this.readers].filter((reader) => reader.wantsPreviewsOf(jobId));
    if (readers.length === 0) return;
    const preview = parsePreview(sent.string());
    if (preview?.job_id !== jobId) return;
    const message = this.toMessage(preview);
    for (const reader of readers) reader.takePreview(message);
  }
}

function parsePreview(text: string): PreviewView | undefined {
  try {
    return previewView.parse(JSON.parse(text));
  } catch {
    // One that nobody can read is as one that did not come.
    return undefined;
  }
}
