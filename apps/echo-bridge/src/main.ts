import 'reflect-metadata';
import { hostService } from '@tower/bus';
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
