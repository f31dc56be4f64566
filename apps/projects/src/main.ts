import { hostService } from '@tower/service';
import 'reflect-metadata';
import { projectEntities, ProjectsModule } from './projects.module';

void hostService('projects', { module: ProjectsModule, entities: projectEntities });
