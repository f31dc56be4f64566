import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { CharacterView, ProjectView } from '@tower/contracts';
import type { CharactersSearch } from '../addresses';
import { api, newIdempotencyKey } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { charactersQuery, projectsQuery } from '../api/queries';
import { Button } from '../ui/button';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Choice } from '../ui/field';
import { Mark } from '../ui/marks';
import { CharacterDialog, type CharacterValues } from './character-dialog';

/** All characters, or those of one project. */
export function CharactersPage(): ReactNode {
  const { project, open }: CharactersSearch = useSearch({ from: '/characters' });
  const navigate = useNavigate();
  const [withArchived, setWithArchived] = useState(false);
  const { data: projects = [] } = useQuery(projectsQuery());
  const { data, error, refetch } = useQuery(charactersQuery(withArchived));
  const shown = data?.filter(({ project_id }) => project === undefined || project_id === project);
  return (
    <>
      <header className="head">
        <h1>Characters</h1>
        <div className="filters">
          <Choice
            label="Project"
            value={project ?? ''}
            onChange={(id) => void navigate({ to: '/characters', search: id === '' ? {} : { project: id } })}
            options={[['', 'All'], ...projects.map(({ id, name }) => [id, name] as const)]}
          />
          <NewCharacter projects={projects} projectId={project} />
          <label className="check">
            <input type="checkbox" checked={withArchived} onChange={() => setWithArchived(!withArchived)} />
            With archived ones
          </label>
        </div>
      </header>
      {error !== null && data === undefined && (
        <Failure error={error} what="The characters could not be read." again={() => void refetch()} />
      )}
      {error === null && data === undefined && <Loading what="the characters" />}
      {shown?.length === 0 && (
        <Empty title="Nobody here yet">
          A character adds its base prompt to what is asked for, so that it looks the same in every picture.
        </Empty>
      )}
      <div className="panels">
        {shown?.map((character) => (
          <CharacterPanel
            key={character.id}
            character={character}
            isOpen={open === character.id}
            projectName={projects.find(({ id }) => id === character.project_id)?.name}
          />
        ))}
      </div>
    </>
  );
}

function NewCharacter({ projects, projectId }: { projects: readonly ProjectView[]; projectId: string | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const id = projectId ?? projects[0]?.id;
  const name = projects.find((one) => one.id === id)?.name;
  const create = useMutation({
    mutationFn: (body: CharacterValues) =>
      answerOf(
        api.POST('/api/anime/projects/{id}/characters', {
          params: { path: { id: id ?? '' }, header: { 'Idempotency-Key': newIdempotencyKey() } },
          body,
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['characters'] });
      setOpen(false);
    },
  });
  if (id === undefined)
    return (
      <Link className="button" to="/projects">
        First a project
      </Link>
    );
  return (
    <>
      <Button kind="main" onClick={() => setOpen(true)}>
        New character
      </Button>
      <CharacterDialog
        title={`New character in ${name ?? 'this project'}`}
        begin={{ name: '', base_prompt: '', negative_tokens: [] }}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onSave={create.mutate}
        error={create.error}
        isBusy={create.isPending}
      />
    </>
  );
}

function useCharacterChanges({ id }: CharacterView) {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['characters'] });
  const params = { path: { id } };
  const save = useMutation({
    mutationFn: (body: CharacterValues) => answerOf(api.PATCH('/api/anime/characters/{id}', { params, body })),
    onSuccess,
  });
  const archive = useMutation({
    mutationFn: () => answerOf(api.DELETE('/api/anime/characters/{id}', { params })),
    onSuccess,
  });
  return { save, archive };
}

interface PanelProps {
  readonly character: CharacterView;
  readonly projectName: string | undefined;
  readonly isOpen: boolean;
}

function CharacterPanel({ character, projectName, isOpen: begin }: PanelProps) {
  const [isOpen, setOpen] = useState(begin);
  const { save, archive } = useCharacterChanges(character);
  return (
    <article className="panel">
      <header>
        <h2 dir="auto">{character.name}</h2>
        {character.archived_at !== null && <Mark tone="neutral">archived</Mark>}
      </header>
      <p className="fine" dir="auto">
        {projectName}
      </p>
      {character.base_prompt !== '' && <p dir="auto">{character.base_prompt}</p>}
      {character.negative_tokens.length > 0 && <p className="fine">Never: {character.negative_tokens.join(', ')}</p>}
      {character.archived_at === null && (
        <div className="acts">
          <Button onClick={() => setOpen(true)}>Change</Button>
          <Button kind="danger" busy={archive.isPending} onClick={() => archive.mutate()}>
            Archive
          </Button>
        </div>
      )}
      {archive.error !== null && <p className="field-error">{toProblem(archive.error).message}</p>}
      <CharacterDialog
        title={`Change ${character.name}`}
        begin={character}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onSave={(values) => save.mutate(values, { onSuccess: () => setOpen(false) })}
        error={save.error}
        isBusy={save.isPending}
      />
    </article>
  );
}
