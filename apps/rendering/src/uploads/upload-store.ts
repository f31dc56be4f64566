import { Inject, Injectable } from '@nestjs/common';
import { uploadDeleted, uploadKept, type RequestContext } from '@tower/contracts';
import { Outbox } from '@tower/db';
import { CLOCK, newId, notFound, type Clock } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 } from 'uuid';
import { Artifact } from '../jobs/artifact.entity';
import { Upload } from '../jobs/upload.entity';

/** Namespace of the ids of uploads: UUID v5 of the digest, so that the same bytes have the same id for ever. */
const uploadNamespace = '0d4ef0a8-2a63-4f4d-9a4e-6d1d9c6f0b57';

const idOf = (sha256: string): string => v5(sha256, uploadNamespace);

type NewUpload = Omit<Upload, 'id' | 'path' | 'createdAt' | 'sentAt' | 'usedAt'>;

/** The rows of uploads, and what is told of them. */
@Injectable()
export class UploadStore {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws AppError `upload_not_found` */
  async find(id: string): Promise<Upload> {
    const upload = await this.db.manager.findOneBy(Upload, { id });
    if (upload === null) throw notFound('upload', id);
    return upload;
  }

  /** The oldest artifact with these bytes. */
  findTwin(sha256: string): Promise<Artifact | null> {
    return this.db.manager.findOne(Artifact, { where: { sha256 }, order: { id: 'ASC' } });
  }

  /** Notes that the upload with these bytes was sent once more; undefined where there is none, or not whole. */
  sentAgain(sha256: string, liesWhole: (upload: Upload) => Promise<boolean>): Promise<Upload | undefined> {
    return this.db.transaction(async (tx) => {
      await lockUploads(tx, 'shared');
      const known = await tx.findOneBy(Upload, { id: idOf(sha256) });
      if (known === null || !(await liesWhole(known))) return undefined;
      known.sentAt = this.clock.now();
      await tx.update(Upload, { id: known.id }, { sentAt: known.sentAt });
      return known;
    });
  }

  /** Registers what `place` puts into the library, and tells of it unless it was known. */
  keep(context: RequestContext, facts: NewUpload, place: () => Promise<string>): Promise<Upload> {
    const at = this.clock.now();
    return this.db.transaction(async (tx) => {
      await lockUploads(tx, 'shared');
      const path = await place();
      const row = { ...facts, id: idOf(facts.sha256), path, createdAt: at, sentAt: at, usedAt: null };
      const insert = tx.createQueryBuilder().insert().into(Upload).values(row).orUpdate(['path', 'sent_at'], ['id']);
      const { raw } = await insert.returning('(xmax = 0) as "isNew"').execute();
      const [written] = raw as { isNew: boolean }[];
      const { id, sha256, bytes, mediaType } = row;
      if (written?.isNew === true)
        await this.outbox.add(tx, uploadKept, { uploadId: id, path, sha256, bytes, mediaType }, context);
      return tx.findOneByOrFail(Upload, { id });
    });
  }

  /**
   * Deletes so many uploads at most that no job named and that were sent before then, and tells of each. `remove` gets
   * each with whether an artifact has the same bytes; it comes before the commit: without a row nobody would find the
   * file again. Returns how many there were.
   */
  deleteUnused(
    before: Date,
    limit: number,
    remove: (upload: Pick<Upload, 'path' | 'sha256'>, hasTwin: boolean) => Promise<void>,
  ): Promise<number> {
    return this.db.transaction(async (tx) => {
      await lockUploads(tx, 'alone');
      const [rows]: [{ id: string; path: string; sha256: string }[], number] = await tx.query(
        `delete from upload where id in (select id from upload where used_at is null and sent_at < $1
           order by sent_at limit $2 for update skip locked) returning id, path, sha256`,
        [before, limit],
      );
      const context = { correlationId: newId() };
      for (const { id: uploadId, path, sha256 } of rows) {
        await remove({ path, sha256 }, await tx.existsBy(Artifact, { sha256 }));
        await this.outbox.add(tx, uploadDeleted, { uploadId, path, sha256 }, context);
      }
      return rows.length;
    });
  }
}

/** Whoever deletes uploads does so alone: a file is not deleted while it is being given its place once more. */
const lockUploads = (tx: EntityManager, how: 'shared' | 'alone'): Promise<unknown> =>
  tx.query(
    `select pg_advisory_xact_lock${how === 'shared' ? '_shared' : ''}(hashtextextended('rendering:uploads', 0))`,
  );
