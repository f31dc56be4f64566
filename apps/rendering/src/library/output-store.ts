import { stat } from 'node:fs/promises';
import type { ArtifactMediaType } from '@tower/contracts';
import { DecoderDied, FilmRefusal, sha256File, writeFilmComment } from '@tower/imaging';
import { newId, towerVersion } from '@tower/kit';
import type { ComfyClient } from '../comfyui/comfy-client';
import type { FileRef } from '../comfyui/comfy-messages';
import type { Failure } from '../comfyui/failure';
import type { Gpu } from '../gpus/gpu.entity';
import type { Attempt, GenerationParams, Job, Task } from '../jobs/job.entity';
import type { PromisedResult } from '../workflows/planned-values';
import type { Decodings } from './decodings';
import { artifactPath, thumbnailPath, type Library } from './library';
import { OutputFault, type OutputFacts } from './output-facts';
import type { OutputInspector } from './output-inspector';
import { failureOf } from './promised-output';
import { toFilmComment, toSidecar } from './sidecar';

/** Everything that is known about the attempt whose files are stored. */
export interface Rendered {
  job: Job;
  task: Task;
  attempt: Attempt;
  params: GenerationParams;
  gpu: Gpu;
  promised: PromisedResult;
}

export interface Stored {
  artifactId: string;
  idx: number;
  path: string;
  sha256: string;
  bytes: number;
  mediaType: ArtifactMediaType;
  width: number;
  height: number;
  frames: number | null;
  fps: number | null;
  durationSeconds: number | null;
}

/** The file is whole, and not what was promised: the attempt failed, and fetching again changes nothing. */
export class OutputRejected extends Error {
  override readonly name = 'OutputRejected';
  constructor(readonly failure: Failure) {
    super(failure.error.message);
  }
}

/** Brings one output file of an attempt into the library: download, decode to verify, provenance, checksum, final name, thumbnail, sidecar. */
export class OutputStore {
  constructor(
    private readonly library: Library,
    private readonly inspector: OutputInspector,
    private readonly decodings: Decodings,
  ) {}

  /** Throws `OutputFault` for a file that is not whole, `OutputRejected` for one that is not what was promised, `DecoderDied` for one that may be deadly. */
  async store(client: ComfyClient, rendered: Rendered, output: FileRef, idx: number): Promise<Stored> {
    const { job, task, attempt, params, gpu, promised } = rendered;
    const incoming = await this.library.incoming(attempt.id, String(idx));
    await client.download(output, incoming);
    const facts = await this.inspect(rendered, incoming, output);
    const failure = failureOf(facts, promised, output, gpu.name);
    if (failure) throw new OutputRejected(failure);
    const sourceSha256 = await sha256File(incoming);
    const file = await this.withProvenance(rendered, incoming, facts, idx);
    const sha256 = await sha256File(file);
    // Several files of one attempt are told apart by a letter; the usual one has none.
    const n = idx === 0 ? String(task.idx + 1) : `${task.idx + 1}${String.fromCharCode(97 + idx)}`;
    const path = artifactPath({ projectSlug: job.projectSlug, jobId: job.id, attempt: attempt.n, n, extension: facts.extension });
    const { thumbnail, mediaType, width, height, frames, fps, durationSeconds } = facts;
    const stored: Stored = { artifactId: newId(), idx, path, sha256, bytes: (await stat(file)).size, mediaType, width, height, frames, fps, durationSeconds };
    await this.library.write(thumbnailPath(sha256), thumbnail);
    await this.library.place(file, path, sha256);
    if (file !== incoming) await this.library.discard(incoming);
    await this.library.write(path.replace(/\.[^.]+$/, '.json'), JSON.stringify(toSidecar(job, attempt, params, gpu, { ...stored, sourceSha256, carriesProvenance: file !== incoming }, towerVersion), null, 2));
    return stored;
  }

  /** The second time that the decoder dies of an attempt's file the attempt fails: its outputs are not decoded a third time. */
  private async inspect({ attempt, promised, gpu }: Rendered, incoming: string, output: FileRef): Promise<OutputFacts> {
    const deadly = await this.decodings.begin(attempt.id);
    if (deadly !== undefined) throw new OutputRejected(deadlyOutput(`${output.filename} from ${gpu.name} cannot be decoded: ${deadly}`));
    try {
      const facts = await this.inspector.inspect(incoming, promised.frames);
      await this.decodings.survived(attempt.id);
      return facts;
    } catch (error) {
      await (error instanceof DecoderDied ? this.decodings.died(attempt.id) : this.decodings.survived(attempt.id));
      throw error;
    }
  }

  /** A copy of the film whose container says where it comes from; the film itself where that cannot be had without touching its pictures. */
  private async withProvenance({ job, attempt, params, gpu, promised }: Rendered, film: string, facts: OutputFacts, idx: number): Promise<string> {
    if (facts.mediaType !== 'video/mp4' && facts.mediaType !== 'video/webm') return film;
    const copy = await this.library.incoming(attempt.id, `${idx}-commented`);
    try {
      await writeFilmComment(film, copy, facts.mediaType === 'video/mp4' ? 'mp4' : 'webm', toFilmComment(job, attempt, params, gpu, towerVersion));
      const copied = await this.inspector.inspect(copy, promised.frames);
      if (copied.frames === facts.frames && copied.width === facts.width && copied.height === facts.height && copied.fps === facts.fps) return copy;
    } catch (error) {
      if (!(error instanceof FilmRefusal) && !(error instanceof OutputFault) && !(error instanceof DecoderDied)) throw error;
    }
    await this.library.discard(copy);
    return film;
  }
}

const deadlyOutput = (message: string): Failure => ({
  kind: 'outputs_missing',
  error: { code: 'output_kills_decoder', message, hint: 'The file is damaged in a way that no decoder bears, or it takes more memory than this machine has.' },
});
