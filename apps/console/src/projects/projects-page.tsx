import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ProjectView } from '@tower/contracts';
import { api } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { charactersQuery, projectsQuery } from '../api/queries';
import { Button } from '../ui/button';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Mark } from '../ui/marks';
import { useNow } from '../ui/now';
import { agoOf, counted } from '../ui/words';
import { NewProject } from './new-project';
import { ProjectDialog, type ProjectValues } from './project-dialog';

/** All projects with what belongs to each. */
export function ProjectsPage(): ReactNode {
  const [withArchived, setWithArchived] = useState(false);
  const { data, error, refetch } = useQuery(projectsQuery(withArchived));
  return (
    <>
      <header className="head">
        <h1>Projects</h1>
        <div className="acts">
          <NewProject onCreated={() => undefined} />
          <label className="check">
            <input type="checkbox" checked={withArchived} onChange={() => setWithArchived(!withArchived)} />
            With archived ones
          </label>
        </div>
      </header>
      {error !== null && data === undefined && (
        <Failure error={error} what="The projects could not be read." again={() => void refetch()} />
      )}
      {error === null && data === undefined && <Loading what="the projects" />}
      {data?.length === 0 && (
        <Empty title="No project yet">
          A project is what a film or a series is made under; it has a folder in the library.
        </Empty>
      )}
      <div className="panels">
        {data?.map((project) => (
          <ProjectPanel key={project.id} project={project} />
        ))}
      </div>
    </>
  );
}

function useProjectChanges({ id }: ProjectView) {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['projects'] });
  const params = { path: { id } };
  const save = useMutation({
    mutationFn: (body: ProjectValues) => answerOf(api.PATCH('/api/anime/projects/{id}', { params, body })),
    onSuccess,
  });
  const archive = useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/anime/projects/{id}', { params })),
    onSuccess,
  });
  return { save, archive };
}

function ProjectPanel({ project }: { project: ProjectView }) {
  const nowMs = useNow();
  const { data: characters = [] } = useQuery(charactersQuery());
  const [isOpen, setOpen] = useState(false);
  const { save, archive } = useProjectChanges(project);
  const cast = characters.filter(({ project_id }) => project_id === project.id).length;
  const isArchived = project.archived_at !== null;
  return (
    <article className="panel">
      <header>
        <h2 dir="auto">{project.name}</h2>
        {isArchived && <Mark tone="neutral">archived</Mark>}
      </header>
      {project.description !== '' && <p dir="auto">{project.description}</p>}
      <p className="fine">
        <code>{project.slug}</code> · {counted(cast, 'character')} · begun {agoOf(project.created_at, nowMs)}
      </p>
      <div className="acts">
        <Link className="button" to="/library" search={{ project: project.id }}>
          Its work
        </Link>
        <Link className="button button-quiet" to="/characters" search={{ project: project.id }}>
          Its characters
        </Link>
        {!isArchived && (
          <>
            <Link className="button button-quiet" to="/make" search={{ project: project.id }}>
              Make for it
            </Link>
            <Button kind="quiet" onClick={() => setOpen(true)}>
              Change
            </Button>
            <Button kind="danger" busy={archive.isPending} onClick={() => archive.mutate()}>
              Archive
            </Button>
          </>
        )}
      </div>
      {archive.error !== null && <p className="field-error">{toProblem(archive.error).message}</p>}
      <ProjectDialog
        title={`Change ${project.name}`}
        begin={{ name: project.name, description: project.description, gate_policy: project.gate_policy }}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onSave={(values) => save.mutate(values, { onSuccess: () => setOpen(false) })}
        error={save.error}
        isBusy={save.isPending}
      />
    </article>
  );
}
