import { hostService } from '@tower/service';
import 'reflect-metadata';
import { EchoBridgeModule } from './echo-bridge.module';
import { Registration } from './registration';

void hostService('echo-bridge', {
  module: EchoBridgeModule,
  run: (app) => {
    const registration = app.get(Registration);
    registration.start();
    return Promise.resolve(() => registration.stop());
  },
});
