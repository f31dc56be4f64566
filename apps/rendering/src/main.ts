import { DiskWatch } from '@tower/library';
import { hostService } from '@tower/service';
import 'reflect-metadata';
import { Scheduler } from './execution/leader';
import { renderingEntities, RenderingModule } from './rendering.module';

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
