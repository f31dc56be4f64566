/** A picture of a job that is being made, as the feed sends it. */
interface Preview {
  readonly job_id: string;
  readonly gpu: string;
  readonly media_type: string;
  /** Base64. */
  readonly image: string;
}

/** Makes an address for bytes, and gives it back; a browser's, or a spec's. */
export interface Addresses {
  make(bytes: Uint8Array<ArrayBuffer>, mediaType: string): string;
  giveBack(address: string): void;
}

const keyOf = (jobId: string, gpu: string): string => `${jobId} ${gpu}`;

/**
 * The newest preview of each job on each card, for as long as somebody looks at it: what nobody looks at is neither
 * asked for nor kept.
 */
export class PreviewStore {
  private readonly newest = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();

  /** `onWanted` is told when the first starts to look, and when the last has gone. */
  constructor(
    private readonly addresses: Addresses,
    private readonly onWanted: (isWanted: boolean) => void,
  ) {}

  get isWanted(): boolean {
    return this.listeners.size > 0;
  }

  put({ job_id, gpu, media_type, image }: Preview): void {
    const key = keyOf(job_id, gpu);
    const listeners = this.listeners.get(key);
    if (listeners === undefined) return;
    const bytes = Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0));
    this.forget(key);
    this.newest.set(key, this.addresses.make(bytes, media_type));
    listeners.forEach((listener) => listener());
  }

  /** Address of the newest preview; undefined until one has come. */
  get(jobId: string, gpu: string): string | undefined {
    return this.newest.get(keyOf(jobId, gpu));
  }

  subscribe(jobId: string, gpu: string, listener: () => void): () => void {
    const key = keyOf(jobId, gpu);
    const wasWanted = this.isWanted;
    this.listeners.set(key, (this.listeners.get(key) ?? new Set()).add(listener));
    if (!wasWanted) this.onWanted(true);
    return () => {
      const ofKey = this.listeners.get(key);
      ofKey?.delete(listener);
      if (ofKey?.size !== 0) return;
      this.listeners.delete(key);
      this.forget(key);
      if (!this.isWanted) this.onWanted(false);
    };
  }

  private forget(key: string): void {
    const address = this.newest.get(key);
    if (address === undefined) return;
    this.newest.delete(key);
    this.addresses.giveBack(address);
  }
}
