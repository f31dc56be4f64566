import 'reflect-metadata';
import { hostService } from '@tower/bus';
import { DiskWatch } from '@tower/kit';
import { renderingEntities, RenderingModule } from './rendering.module';
import { Scheduler } from './scheduling/scheduler';

void hostService('rendering', {
  module: RenderingModule,
  entities: renderingEntities,
  run: (app) => {
    const scheduler = app.get(Scheduler);
    const disks = app.get(DiskWatch);
    disks.start();
    scheduler.start();
    return Promise.resolve(async () => {
      await scheduler.stop();
      disks.stop();
    });
  },
});
