import { hostService } from '@tower/service';
import 'reflect-metadata';
import { qualityEntities, QualityModule } from './quality.module';

void hostService('quality', { module: QualityModule, entities: qualityEntities });
