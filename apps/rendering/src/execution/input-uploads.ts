import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { PromptGraph } from '@tower/comfyui';
import { DiskWatch, isOwnFault, Library, ownFault } from '@tower/library';
import type { CardDriver } from '../cards/card-driver';
import type { InputImage, InputImages } from '../workflows/composition';
import { uploadName } from '../workflows/graph/upload-names';

/** Brings the input pictures of jobs to the servers, each once per boot and card. */
@Injectable()
export class InputUploads {
  /** By card: the restarts seen when they were sent, and the names that the server gave, by content. */
  private readonly sent = new Map<string, { restarts: number; names: Map<string, string> }>();

  constructor(
    private readonly library: Library,
    private readonly disks: DiskWatch,
  ) {}

  /** The server may have lost them: they are sent again when next needed. */
  resetUploads(gpu: string): void {
    this.sent.delete(gpu);
  }

  /**
   * Sees to it that the server has the pictures. Returns the graph with the names that the server gave. Throws what the
   * upload throws.
   */
  async bring(driver: CardDriver, images: InputImages, graph: PromptGraph): Promise<PromptGraph> {
    const renamed = new Map<string, string>();
    for (const image of Object.values(images)) {
      const expected = uploadName(image);
      const given = await this.upload(driver, image);
      if (given !== expected) renamed.set(expected, given);
    }
    return renamed.size === 0 ? graph : withNames(graph, renamed);
  }

  private async upload(driver: CardDriver, image: InputImage): Promise<string> {
    const { restarts } = driver.restarts;
    let sent = this.sent.get(driver.name);
    if (sent?.restarts !== restarts) this.sent.set(driver.name, (sent = { restarts, names: new Map() }));
    const known = sent.names.get(image.sha256);
    if (known !== undefined) return known;
    const bytes = await this.read(image.path);
    const name = await driver.client.upload({
      bytes,
      sha256: image.sha256,
      extension: extname(image.path).toLowerCase(),
    });
    sent.names.set(image.sha256, name);
    return name;
  }

  private async read(path: string): Promise<Buffer> {
    try {
      const real = await this.library.existing(path);
      return await readFile(real).catch((error: unknown) => {
        throw ownFault(error, 'library') ?? error;
      });
    } catch (error) {
      // Nothing more is given out while the library cannot be read.
      if (isOwnFault(error)) this.disks.failed('library', error);
      throw error;
    }
  }
}

function withNames(graph: PromptGraph, renamed: ReadonlyMap<string, string>): PromptGraph {
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => [
      id,
      {
        ...node,
        inputs: Object.fromEntries(
          Object.entries(node.inputs).map(([input, value]) => [
            input,
            typeof value === 'string' ? (renamed.get(value) ?? value) : value,
          ]),
        ),
      },
    ]),
  );
}
