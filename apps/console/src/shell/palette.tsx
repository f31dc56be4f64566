import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  Autocomplete,
  Dialog,
  Input,
  ListBox,
  ListBoxItem,
  Modal,
  ModalOverlay,
  SearchField,
  useFilter,
} from 'react-aria-components';
import { charactersQuery, projectsQuery, workflowsQuery } from '../api/queries';
import { jobTypes } from '../jobs/job-states';
import { views } from './views';

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly go: () => void;
}

/** Rows that a person reads; the filter finds the others. */
const maxEntries = 60;

function useEntries(isOpen: boolean, more: readonly Entry[]): Entry[] {
  const navigate = useNavigate();
  const { data: projects = [] } = useQuery({ ...projectsQuery(), enabled: isOpen });
  const { data: characters = [] } = useQuery({ ...charactersQuery(), enabled: isOpen });
  const { data: workflows = [] } = useQuery({ ...workflowsQuery, enabled: isOpen });
  return [
    ...views.map(({ path, name }) => ({ id: path, name, kind: 'View', go: () => void navigate({ to: path }) })),
    ...more,
    ...workflows.map(({ name, title, job_type }) => ({
      id: `workflow ${name}`,
      name: `Make: ${title}`,
      kind: jobTypes[job_type],
      go: () => void navigate({ to: '/make', search: { workflow: name } }),
    })),
    ...projects.map(({ id, name }) => ({
      id,
      name,
      kind: 'Project',
      go: () => void navigate({ to: '/library', search: { project: id } }),
    })),
    ...characters.map(({ id, name }) => ({
      id,
      name,
      kind: 'Character',
      go: () => void navigate({ to: '/characters', search: { open: id } }),
    })),
  ];
}

/** Goes anywhere and does anything by a few letters. */
export function Palette({ isOpen, onClose, more }: { isOpen: boolean; onClose: () => void; more: readonly Entry[] }) {
  const entries = useEntries(isOpen, more);
  const { contains } = useFilter({ sensitivity: 'base' });
  const [text, setText] = useState('');
  const shown = entries.filter(({ name, kind }) => contains(`${name} ${kind}`, text)).slice(0, maxEntries);
  const choose = (id: string): void => {
    onClose();
    entries.find((entry) => entry.id === id)?.go();
  };
  return (
    <ModalOverlay
      className="overlay overlay-top"
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => !open && onClose()}
    >
      <Modal className="modal modal-palette">
        <Dialog className="palette" aria-label="Go anywhere, do anything">
          <Autocomplete inputValue={text} onInputChange={setText}>
            <SearchField aria-label="Where to, or what" autoFocus>
              <Input placeholder="Where to, or what?" />
            </SearchField>
            <ListBox
              aria-label="Entries"
              items={shown}
              selectionMode="none"
              onAction={(id) => choose(String(id))}
              renderEmptyState={() => <p className="fine">Nothing here is called so.</p>}
            >
              {(entry) => (
                <ListBoxItem id={entry.id} textValue={entry.name}>
                  <span>{entry.name}</span>
                  <span className="fine">{entry.kind}</span>
                </ListBoxItem>
              )}
            </ListBox>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
