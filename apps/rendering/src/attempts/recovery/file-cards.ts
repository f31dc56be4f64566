import { Injectable } from '@nestjs/common';
import type { GpuConfig } from '@tower/contracts';
import { memoryMbOf } from '../../cards/card';
import type { CardDriver } from '../../cards/card-driver';
import type { WaitingKind } from '../../planning/waiting-kinds';
import { Catalogue } from '../../workflows/catalogue';
import { lacking, type Missing } from '../../workflows/compatibility/requirements';
import { RequirementsCache } from '../../workflows/compatibility/requirements-cache';
import { noChanges, noParts } from '../../workflows/composition';
import { anyOf } from '../../workflows/models/model-names';
import { vramNeedMb } from '../../workflows/values/planned-values';
import { folderOf, type FileCard } from './missing-files';
import { ModelDownloads } from './model-downloads';

/** How each card stands to the files that waiting tasks of one kind need. */
@Injectable()
export class FileCards {
  private readonly requirements = new RequirementsCache();

  constructor(
    private readonly workflows: Catalogue,
    private readonly downloads: ModelDownloads,
  ) {}

  /** Empty where there is nothing to decide: the template is gone or makes no graph, or a card can take the kind. */
  async cardsFor(kind: WaitingKind, drivers: readonly CardDriver[]): Promise<FileCard[]> {
    const workflow = this.workflows.find(kind.workflow);
    if (workflow === undefined) return [];
    const work = { values: kind.parameters ?? {}, parts: kind.parts ?? noParts, plan: kind.plan ?? noChanges };
    const needs = this.requirements.of(workflow, work);
    if (needs.fault !== undefined) return [];
    const takes = ({ config }: CardDriver): boolean =>
      (kind.only_gpu ?? config.name) === config.name && (!config.only || config.prefers.includes(workflow.file.work));
    const seen = drivers.map((driver) => ({
      driver,
      lacks: driver.server.inventory && lacking(needs, driver.server.inventory),
    }));
    // The usual case, for every kind at every look.
    if (
      seen.some(
        ({ driver, lacks }) => lacks?.length === 0 && takes(driver) && !kind.excluded_gpus.includes(driver.name),
      )
    )
      return [];
    const needMb = vramNeedMb(workflow, work.values, work.parts, work.plan);
    const cards: FileCard[] = [];
    for (const [position, { driver, lacks }] of seen.entries()) {
      const { config, snapshot, server } = driver;
      const files = (lacks ?? []).filter(({ kind: what }) => what === 'model');
      const places = await Promise.all(files.map((missing) => this.placeOf(config, missing)));
      cards.push({
        name: config.name,
        position,
        answers: snapshot.state !== 'down' && snapshot.state !== 'unknown',
        takes: takes(driver),
        excluded: kind.excluded_gpus.includes(config.name),
        prefers: config.prefers.includes(workflow.file.work),
        bigEnough: needMb <= (memoryMbOf({ config, inventory: server.inventory }) ?? needMb),
        lacks,
        filesReadAtMs: server.filesReadAtMs,
        obstacles: places.map(({ obstacle }) => obstacle),
        arriving: places.some(({ standing }) => standing === 'arriving'),
        unlisted: places.some(({ standing }) => standing === 'present'),
      });
    }
    return cards;
  }

  /** A name that may mean several files is no file that could be fetched. */
  private async placeOf(gpu: GpuConfig, missing: Missing): ReturnType<ModelDownloads['placeOf']> {
    if (missing.candidates !== undefined) {
      const files = anyOf(missing.candidates);
      return {
        obstacle: `${gpu.name} has several files of that name, ${files}. Ask again with the folder.`,
        standing: 'absent',
      };
    }
    return this.downloads.placeOf(gpu, folderOf(missing), missing.name);
  }
}
