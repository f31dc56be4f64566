import 'reflect-metadata';
import { hostService } from '@tower/bus';
import { projectEntities, ProjectsModule } from './projects.module';

void hostService('projects', { module: ProjectsModule, entities: projectEntities });
