import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRequest, type GenerateRequest } from '@tower/contracts';
import { findFfmpeg } from '@tower/imaging';
import { AppError, newId, repositoryRoot } from '@tower/kit';
import { Library } from '@tower/library';
import sharp from 'sharp';
import type { EntityManager } from 'typeorm';
import { Catalogue } from '../workflows/catalogue';
import { InputFiles } from './input-files';
import { resolveRequest, type ResolvedRequest } from './resolve-request';

/** ffmpeg's options for moving pictures of a size such as `96x64`. */
export const moving = (size: string, rate = 8, seconds = 1): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=s=${size}:r=${rate}:d=${seconds}`,
];
/** And for a second to be heard. */
export const tone = ['-f', 'lavfi', '-i', 'sine=d=1'];

/**
 * A library with a folder `in`, what writes pictures and films into it, and requests that are planned with them.
 * Real: the workflows, ffmpeg, sharp, and the processes that read the files. There are no artifacts.
 */
export class InputBench {
  readonly root = mkdtempSync(join(tmpdir(), 'tower-inputs-'));
  private readonly files = new InputFiles(new Library(this.root), {
    script: join(repositoryRoot, 'apps', 'rendering', 'dist', 'requests', 'input-process.js'),
  });

  private constructor(readonly workflows: Catalogue) {
    mkdirSync(join(this.root, 'in'));
  }

  static async open(): Promise<InputBench> {
    return new InputBench(await Catalogue.read(join(repositoryRoot, 'workflows')));
  }

  async close(): Promise<void> {
    await this.files.onApplicationShutdown();
    rmSync(this.root, { recursive: true });
  }

  at(name: string): string {
    return join(this.root, 'in', name);
  }

  /** Writes `in/<name>` with ffmpeg and returns that path. */
  make(name: string, ...args: readonly string[]): string {
    const run = spawnSync(findFfmpeg()!, ['-y', '-loglevel', 'error', ...args, this.at(name)], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return `in/${name}`;
  }

  /** A second of film with eight frames. */
  film(name: string, size = '96x64', ...codec: readonly string[]): string {
    return this.make(name, ...moving(size), ...(codec.length > 0 ? codec : ['-c:v', 'mpeg4']));
  }

  /** Writes `in/<name>` with sharp and returns that path. */
  async picture(name: string, width: number, height: number, of = (image: sharp.Sharp) => image): Promise<string> {
    await of(sharp({ create: { width, height, channels: 3, background: '#336699' } })).toFile(this.at(name));
    return `in/${name}`;
  }

  plan(name: string, body: Partial<GenerateRequest>): Promise<ResolvedRequest> {
    const workflow = this.workflows.get(name);
    const { job_type, parameters } = workflow.file;
    const prompt = parameters['prompt'] ? 'rain' : '';
    const request = generateRequest.parse({ project_id: newId(), job_type, prompt, ...body });
    return resolveRequest(
      {} as EntityManager,
      this.files,
      workflow,
      { request, prompt: { positive: prompt, negative: '', loras: [], errors: [] }, seed: 7 },
      {},
    );
  }

  /** Asks for frames in between of a film. */
  smooth(start_film: string, body: Partial<GenerateRequest> = {}): Promise<ResolvedRequest> {
    return this.plan('interpolate-rife', { ...body, parameters: { start_film, ...body.parameters } });
  }
}

/** Which fields are refused, with what is said about each. */
export async function refused(planning: Promise<ResolvedRequest>): Promise<Record<string, string>> {
  try {
    await planning;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return Object.fromEntries((error.options.fields ?? []).map(({ pointer, message }) => [pointer, message]));
  }
  throw new Error('nothing was refused');
}
