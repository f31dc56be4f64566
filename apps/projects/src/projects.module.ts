import { Module } from '@nestjs/common';
import { Project } from './project.entity';
import { ProjectsController } from './projects.controller';
import { ProjectsService } from './projects.service';

export const projectEntities = [Project];

@Module({ controllers: [ProjectsController], providers: [ProjectsService] })
export class ProjectsModule {}
