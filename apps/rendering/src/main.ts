import { DiskWatch } from '@tower/library';
import { hostService } from '@tower/service';
import 'reflect-metadata';
import { Leader } from './execution/leader';
import { renderingEntities, RenderingModule } from './rendering.module';

void hostService('rendering', {
  module: RenderingModule,
  entities: renderingEntities,
  run: (app) => {
    const leader = app.get(Leader);
    const disks = app.get(DiskWatch);
    disks.start();
    leader.start();
    return Promise.resolve(async () => {
      await leader.stop();
      disks.stop();
    });
  },
});
