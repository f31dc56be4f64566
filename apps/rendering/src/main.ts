import { DiskWatch } from '@tower/library';
import { hostService } from '@tower/service';
import 'reflect-metadata';
import { Leader } from './execution/leader';
import { SnapshotChanges } from './planning/snapshot-changes';
import { UploadRetention } from './uploads/upload-retention';
import { renderingEntities, RenderingModule } from './rendering.module';

void hostService('rendering', {
  module: RenderingModule,
  entities: renderingEntities,
  run: (app) => {
    const leader = app.get(Leader);
    const disks = app.get(DiskWatch);
    const changes = app.get(SnapshotChanges);
    disks.start();
    changes.start();
    leader.start();
    const stopPruning = app.get(UploadRetention).start();
    return Promise.resolve(async () => {
      stopPruning();
      await leader.stop();
      await changes.stop();
      disks.stop();
    });
  },
});
