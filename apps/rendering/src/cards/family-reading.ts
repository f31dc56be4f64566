import { modelKey, type ModelFamily } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { familyInMetadata } from '../workflows/models/model-family';
import { meansFile } from '../workflows/models/model-names';

/** Injection token of what the operator says of checkpoints, by file, in `config/models.yaml`. */
export const OPERATOR_FAMILIES = Symbol('OPERATOR_FAMILIES');
export type OperatorFamilies = Readonly<Record<string, ModelFamily>>;

/** Headers of files that are asked for at one look; each costs the server a read of its disk. */
const askedAtOnce = 20;

/** Where a server's files say what they are. */
interface MetadataSource {
  /** The `__metadata__` of a safetensors file; undefined where there is none. */
  metadata(folder: string, name: string): Promise<Record<string, unknown> | undefined>;
}

/**
 * What is stated of a server's checkpoints: by the operator, else by the files' own headers, each of which is read
 * once.
 */
export class FamilyReading {
  /** By name as the server lists it; null where the header says nothing. */
  private read = new Map<string, ModelFamily | null>();

  constructor(
    private readonly source: MetadataSource,
    private readonly operator: OperatorFamilies,
  ) {}

  /** The files may be others now. */
  clear(): void {
    this.read = new Map();
  }

  /**
   * By key. Asks for a few headers that are not known yet; a server that does not answer now is asked at a later look.
   */
  async of(checkpoints: readonly string[]): Promise<Record<string, ModelFamily>> {
    const unread = checkpoints.filter(
      (name) => name.endsWith('.safetensors') && !this.read.has(name) && this.saidOf(name) === undefined,
    );
    for (const name of unread.slice(0, askedAtOnce)) {
      try {
        const metadata = await this.source.metadata('checkpoints', name);
        this.read.set(name, (metadata && familyInMetadata(metadata)) ?? null);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        break;
      }
    }
    return Object.fromEntries(
      checkpoints.flatMap((name) => {
        const family = this.saidOf(name) ?? this.read.get(name) ?? undefined;
        return family === undefined ? [] : [[modelKey(name), family]];
      }),
    );
  }

  /** The longest name that means the file, so that one with its folder goes before one without. */
  private saidOf(name: string): ModelFamily | undefined {
    const said = Object.entries(this.operator).filter(([asked]) => meansFile(asked, name));
    return said.sort(([a], [b]) => b.length - a.length)[0]?.[1];
  }
}
