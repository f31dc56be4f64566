import { Inject, Injectable } from '@nestjs/common';
import type { InputOf, JobDecision, listJobDecisionsRequest, Page } from '@tower/contracts';
import { decodeCursor, toPage } from '@tower/db';
import { notFound } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { In, type DataSource } from 'typeorm';
import { Attempt } from '../../jobs/attempt.entity';
import { Job } from '../../jobs/job.entity';
import { decisionsOf, unpacked } from '../../planning/decisions/decision-store';
import { toJobDecision } from './decision-view';

/** Tells what the planner decided about a job; each decision is made once more for the answer. */
@Injectable()
export class DecisionsReader {
  constructor(@Inject(ANSWERS_DB) private readonly db: DataSource) {}

  /** Newest first. Throws `job_not_found`. */
  async ofJob({ id, limit, cursor }: InputOf<typeof listJobDecisionsRequest>): Promise<Page<JobDecision>> {
    const { manager } = this.db;
    if (!(await manager.existsBy(Job, { id }))) throw notFound('job', id);
    const decisions = await decisionsOf(manager, id, { after: decodeCursor(cursor), limit: limit + 1 });
    const attempts = await manager.findBy(Attempt, {
      jobId: id,
      decisionId: In(decisions.map((decision) => decision.id)),
    });
    const views = new Map<string, JobDecision>();
    // One after the other: between two the event loop goes on.
    for (const decision of decisions.slice(0, limit)) {
      const record = await unpacked(decision.record);
      const own = attempts.filter(({ decisionId }) => decisionId === decision.id);
      views.set(decision.id, toJobDecision(id, decision, record, own));
    }
    return toPage(decisions, limit, (decision) => viewIn(views, decision.id));
  }
}

function viewIn(views: ReadonlyMap<string, JobDecision>, id: string): JobDecision {
  const view = views.get(id);
  if (view === undefined) throw new Error(`decision ${id} was not read`);
  return view;
}
