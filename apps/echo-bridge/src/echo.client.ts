import { AppError, authorizationOf, bareAddress, describeError } from '@tower/kit';

/** Milliseconds for a whole call; Echo runs on the same machine or network. */
const callTimeoutMs = 5_000;
/** We read nothing out of the answers but their status; a longer one comes from something that is not Echo. */
const maxAnswerBytes = 64 * 1024;

/** How Echo sees us; field names are Echo's. */
interface WorkerRegistration {
  worker_id: string;
  worker_type: 'anime_renderer';
  capabilities: string[];
  callback_url: string;
  gpus: EchoGpu[];
  max_concurrent_jobs: number;
  status: WorkerStatus;
}

export interface EchoGpu {
  name: string;
  vendor: string;
  device: string | null;
  vram_mb: number | null;
  state: string;
  simulated: boolean;
}

export type WorkerStatus = 'ready' | 'busy' | 'degraded';

interface WorkerHeartbeat {
  worker_id: string;
  status: WorkerStatus;
  gpus: EchoGpu[];
  max_concurrent_jobs: number;
}

/**
 * The calls of Echo's worker interface. They throw `echo_forgot_us` when Echo does not know the worker (any more), else
 * `unavailable`.
 */
export class EchoClient {
  /** For logs too: without user and password. */
  readonly address: string;
  /** Those of its address, which fetch does not take there. */
  private readonly authorization: string | undefined;

  constructor(
    url: string,
    private readonly timeoutMs = callTimeoutMs,
  ) {
    this.address = bareAddress(url);
    this.authorization = authorizationOf(url);
  }

  register(worker: WorkerRegistration, signal: AbortSignal): Promise<void> {
    return this.post('/api/workers/register', worker, signal);
  }

  heartbeat(beat: WorkerHeartbeat, signal: AbortSignal): Promise<void> {
    return this.post(`/api/workers/${encodeURIComponent(beat.worker_id)}/heartbeat`, beat, signal);
  }

  unregister(workerId: string): Promise<void> {
    return this.post(
      `/api/workers/${encodeURIComponent(workerId)}/unregister`,
      { worker_id: workerId },
      AbortSignal.timeout(2_000),
    );
  }

  private async post(path: string, body: unknown, signal: AbortSignal): Promise<void> {
    let status: number;
    try {
      const response = await fetch(`${this.address}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
        },
        body: JSON.stringify(body),
        // Echo does not redirect; something else at its address could send our data elsewhere.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.timeoutMs)]),
      });
      await drain(response);
      status = response.status;
    } catch (error) {
      throw new AppError('unavailable', 'echo_unavailable', `POST ${path}: ${describeFetchError(error)}`, {
        cause: error,
      });
    }
    if (status === 404 || status === 410)
      throw new AppError('not_found', 'echo_forgot_us', `POST ${path}: Echo answers ${status}`);
    if (status < 200 || status > 299)
      throw new AppError('unavailable', 'echo_refused', `POST ${path}: Echo answers ${status}`);
  }
}

/** Reads the answer to its end, so that the connection can be used again, and not a byte more than allowed. */
async function drain(response: Response): Promise<void> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
  }
}

/** `fetch failed` says nothing; the reason is its cause. */
const describeFetchError = (error: unknown): string => describeError((error as { cause?: unknown }).cause ?? error);
