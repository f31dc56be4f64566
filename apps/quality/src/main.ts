import 'reflect-metadata';
import { hostService } from '@tower/bus';
import { qualityEntities, QualityModule } from './quality.module';

void hostService('quality', { module: QualityModule, entities: qualityEntities });
