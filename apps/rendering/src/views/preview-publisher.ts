import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BusConnection } from '@tower/bus';
import { maxPreviewBytes, previewSubject, type PreviewView } from '@tower/contracts';
import { RenderingMetrics } from '../rendering.metrics';

/** Milliseconds between two pictures from one card: enough to see it grow, whatever the sampler's pace. */
export const previewEveryMs = 250;

/** A preview whose picture is still as the card sent it. */
export type CardPreview = Omit<PreviewView, 'image'> & { readonly image: Buffer };

interface Pace {
  timer: NodeJS.Timeout;
  /** The newest that came since the last one was passed on. */
  waiting: Waiting | undefined;
}

interface Waiting {
  preview: CardPreview;
  isLive: () => boolean;
}

/** Says on core NATS, best effort, what is being made: of each card the newest picture, a few times a second. */
@Injectable()
export class PreviewPublisher implements OnApplicationShutdown {
  private readonly paces = new Map<string, Pace>();

  constructor(
    private readonly bus: BusConnection,
    private readonly metrics: RenderingMetrics,
  ) {}

  /** `isLive`: whether its attempt still runs; one whose turn comes later is not shown any more. */
  take(preview: CardPreview, isLive: () => boolean): void {
    const { gpu } = preview;
    if (preview.image.length > maxPreviewBytes) {
      this.metrics.previewsDropped.inc({ gpu, reason: 'too_large' });
      return;
    }
    const pace = this.paces.get(gpu);
    if (pace === undefined) {
      this.passOn(preview);
      return;
    }
    if (pace.waiting !== undefined) this.metrics.previewsDropped.inc({ gpu, reason: 'overtaken' });
    pace.waiting = { preview, isLive };
  }

  onApplicationShutdown(): void {
    for (const { timer } of this.paces.values()) clearTimeout(timer);
    this.paces.clear();
  }

  private passOn(preview: CardPreview): void {
    const message: PreviewView = { ...preview, image: preview.image.toString('base64') };
    this.bus.publishHint(previewSubject(preview.job_id), message);
    const timer = setTimeout(() => this.rested(preview.gpu), previewEveryMs);
    timer.unref();
    this.paces.set(preview.gpu, { timer, waiting: undefined });
  }

  private rested(gpu: string): void {
    const waiting = this.paces.get(gpu)?.waiting;
    this.paces.delete(gpu);
    if (waiting?.isLive() === true) this.passOn(waiting.preview);
  }
}
