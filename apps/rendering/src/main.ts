import 'reflect-metadata';
import { hostService } from '@tower/bus';
import { renderingEntities, RenderingModule } from './rendering.module';
import { Scheduler } from './scheduling/scheduler';

void hostService('rendering', {
  module: RenderingModule,
  entities: renderingEntities,
  run: (app) => {
    const scheduler = app.get(Scheduler);
    scheduler.start();
    return Promise.resolve(() => scheduler.stop());
  },
});
