import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ProjectView } from '@tower/contracts';
import { api, newIdempotencyKey } from '../api/client';
import { answerOf } from '../api/problem';
import { Button } from '../ui/button';
import { ProjectDialog, type ProjectValues } from './project-dialog';

const blank: ProjectValues = { name: '', description: '', gate_policy: 'enforce' };

/** A button that asks for a new project's name. */
export function NewProject({ onCreated }: { onCreated: (project: ProjectView) => void }) {
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (body: ProjectValues) =>
      answerOf(
        api.POST('/api/anime/projects', { params: { header: { 'Idempotency-Key': newIdempotencyKey() } }, body }),
      ),
    onSuccess: async (project) => {
      await queries.invalidateQueries({ queryKey: ['projects'] });
      setOpen(false);
      onCreated(project);
    },
  });
  return (
    <>
      <Button kind="main" onClick={() => setOpen(true)}>
        New project
      </Button>
      <ProjectDialog
        title="New project"
        begin={blank}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onSave={create.mutate}
        error={create.error}
        isBusy={create.isPending}
      />
    </>
  );
}
