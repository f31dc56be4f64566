import { stat } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { ComfyClient, FileRef, Failure } from '@tower/comfyui';
import type { ArtifactMediaType } from '@tower/contracts';
import { DecoderDied, FilmRefusal, sha256File, writeFilmComment } from '@tower/imaging';
import { newId, towerVersion } from '@tower/kit';
import { ownFault, artifactPath, thumbnailPath, Library } from '@tower/library';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import type { GenerationParams } from '../jobs/generation-params.entity';
import type { Job } from '../jobs/job.entity';
import type { Task } from '../jobs/task.entity';
import type { WorkflowFile } from '../workflows/template/workflow-file';
import type { PromisedResult } from '../workflows/values/planned-values';
import { Decodings } from './decodings';
import { OutputFault, type OutputFacts } from './inspect-output';
import { OutputInspector } from './output-inspector';
import { failureOf } from './promised-output';
import { toFilmComment, toSidecar } from './sidecar';

/** Bytes for what lies beside an output: thumbnail, sidecar, folders. */
const besideBytes = 256 * 1024;

/** Everything that is known about the attempt whose files are stored. */
export interface Rendered {
  job: Job;
  task: Task;
  attempt: Attempt;
  params: GenerationParams;
  gpu: Gpu;
  promised: PromisedResult;
  workflow: WorkflowFile;
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
  sound: boolean | null;
}

/** The file is whole, and not what was promised: the attempt failed, and fetching again changes nothing. */
export class OutputRejected extends Error {
  override readonly name = 'OutputRejected';
  constructor(readonly failure: Failure) {
    super(failure.error.message);
  }
}

/**
 * Brings one output file of an attempt into the library: download, decode to verify, provenance, checksum, final name,
 * thumbnail, sidecar.
 */
@Injectable()
export class OutputStore {
  constructor(
    private readonly library: Library,
    private readonly inspector: OutputInspector,
    private readonly decodings: Decodings,
  ) {}

  /** Of an earlier process that was cut off over this attempt. */
  async discardUnfinished(attemptId: string): Promise<void> {
    const unfinished = await this.library.unfinished();
    await this.library.discardUnfinished(unfinished.filter((file) => file.startsWith(attemptId)));
  }

  /**
   * Throws `OutputFault` for a file that is not whole, `OutputRejected` for one that is not what was promised,
   * `DecoderDied` for one that may be deadly. Leaves nothing unfinished behind.
   */
  async store(client: ComfyClient, rendered: Rendered, output: FileRef, idx: number): Promise<Stored> {
    const unfinished: string[] = [];
    const begin = async (n: string): Promise<string> => {
      const path = await this.library.incoming(rendered.attempt.id, n);
      unfinished.push(path);
      return path;
    };
    try {
      return await this.storeFrom(client, rendered, output, idx, begin);
    } finally {
      await this.library.discard(unfinished);
    }
  }

  private async storeFrom(
    client: ComfyClient,
    rendered: Rendered,
    output: FileRef,
    idx: number,
    begin: (n: string) => Promise<string>,
  ): Promise<Stored> {
    const { job, task, attempt, params, gpu, promised } = rendered;
    const incoming = await begin(String(idx));
    await this.download(client, output, incoming);
    // Read whole before it is decoded: a disk that cannot be read says so here, where it cannot be taken for a broken
    // picture.
    const sourceSha256 = await sha256File(incoming);
    const facts = await this.inspect(rendered, incoming, output);
    const failure = failureOf(facts, promised, output, gpu.name);
    if (failure) throw new OutputRejected(failure);
    const file = await this.withProvenance(rendered, incoming, facts, () => begin(`${idx}-commented`));
    const sha256 = await sha256File(file);
    const { thumbnail, mediaType, width, height, frames, fps, durationSeconds, sound } = facts;
    const bytes = (await stat(file)).size;
    await this.library.write(thumbnailPath(sha256), thumbnail);
    const n = `${task.idx + 1}${letterOf(idx)}`;
    const path = await this.library.place(
      file,
      artifactPath({ projectSlug: job.projectSlug, jobId: job.id, attempt: attempt.n, n, extension: facts.extension }),
      sha256,
    );
    const stored: Stored = {
      artifactId: newId(),
      idx,
      path,
      sha256,
      bytes,
      mediaType,
      width,
      height,
      frames,
      fps,
      durationSeconds,
      sound,
    };
    await this.library.write(
      path.replace(/\.[^.]+$/, '.json'),
      JSON.stringify(
        toSidecar(
          job,
          attempt,
          params,
          gpu,
          { ...stored, sourceSha256, carriesProvenance: file !== incoming },
          towerVersion,
        ),
        null,
        2,
      ),
    );
    return stored;
  }

  /**
   * The second time that the decoder dies of an attempt's file the attempt fails: its outputs are not decoded a third
   * time.
   */
  private async inspect({ attempt, promised, gpu }: Rendered, incoming: string, output: FileRef): Promise<OutputFacts> {
    const deadly = await this.decodings.begin(attempt.id);
    if (deadly !== undefined)
      throw new OutputRejected(deadlyOutput(`${output.filename} from ${gpu.name} cannot be decoded: ${deadly}`));
    try {
      const facts = await this.inspector.inspect(incoming, promised.frames);
      await this.decodings.survived(attempt.id);
      return facts;
    } catch (error) {
      await (error instanceof DecoderDied ? this.decodings.died(attempt.id) : this.decodings.survived(attempt.id));
      throw error;
    }
  }

  /** What our own disk refuses is told apart from what the card does not give, with the size that was to be written. */
  private async download(client: ComfyClient, output: FileRef, incoming: string): Promise<void> {
    let announced = 0;
    try {
      await client.download(output, incoming, async (bytes) => {
        announced = bytes + besideBytes;
        await this.library.assertRoom(announced);
      });
    } catch (error) {
      const written = await stat(incoming).then(
        ({ size }) => size,
        () => 0,
      );
      throw ownFault(error, 'library', Math.max(announced, written)) ?? error;
    }
  }

  /**
   * A copy of the film whose container says where it comes from; the film itself where that cannot be had without
   * touching its pictures.
   *
   * The copy is decoded as the card's file was, and neither look stands for the other. The copy is what stays, written
   * by another program than the card's, and a film that lost frames on the way or does not play would be noticed by
   * nobody. The card's file alone says whether it arrived whole: copied, one that was cut off may become a shorter film
   * without a fault.
   */
  private async withProvenance(
    { job, attempt, params, gpu, promised }: Rendered,
    film: string,
    facts: OutputFacts,
    begin: () => Promise<string>,
  ): Promise<string> {
    if (facts.mediaType !== 'video/mp4' && facts.mediaType !== 'video/webm') return film;
    const copy = await begin();
    try {
      await writeFilmComment(
        film,
        copy,
        facts.mediaType === 'video/mp4' ? 'mp4' : 'webm',
        toFilmComment(job, attempt, params, gpu, towerVersion),
      );
      const copied = await this.inspector.inspect(copy, promised.frames);
      const kept = ['frames', 'width', 'height', 'fps', 'sound'] as const;
      if (kept.every((fact) => copied[fact] === facts[fact])) return copy;
    } catch (error) {
      if (!(error instanceof FilmRefusal) && !(error instanceof OutputFault) && !(error instanceof DecoderDied))
        throw error;
      // It only says that it failed; whether for want of room, the disk tells.
      await this.library.discard([copy]);
      await this.library.assertRoom((await stat(film)).size);
    }
    return film;
  }
}

const deadlyOutput = (message: string): Failure => ({
  kind: 'outputs_missing',
  error: {
    code: 'output_kills_decoder',
    message,
    hint: 'The file is damaged in a way that no decoder bears, or it takes more memory than this machine has.',
  },
});

/**
 * Several files of one attempt are told apart by letters, counted as the columns of a sheet: b, …, z, aa, ab, …; the
 * first has none.
 */
export function letterOf(idx: number): string {
  if (idx === 0) return '';
  let letters = '';
  for (let rest = idx; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  return letters;
}
