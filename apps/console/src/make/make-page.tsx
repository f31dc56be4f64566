import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { JobView, ProjectView, WorkflowSummary, WorkflowView } from '@tower/contracts';
import type { MakeSearch } from '../addresses';
import { jobQuery, projectsQuery, workflowQuery, workflowsQuery } from '../api/queries';
import { jobTypes } from '../jobs/job-states';
import { NewProject } from '../projects/new-project';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { draftOf, emptyDraft, presetsOf, type Draft } from './draft';
import { MakeForm } from './make-form';

/** A form for whatever a workflow takes, and when it would be ready. */
export function MakePage(): ReactNode {
  const { workflow: wanted, from, project, input }: MakeSearch = useSearch({ from: '/make' });
  const workflows = useQuery(workflowsQuery);
  const projects = useQuery(projectsQuery());
  const source = useQuery({ ...jobQuery(from ?? ''), enabled: from !== undefined });
  const name = wanted ?? source.data?.workflow ?? firstChoice(workflows.data);
  const workflow = useQuery({ ...workflowQuery(name ?? ''), enabled: name !== undefined });
  const error = workflows.error ?? projects.error ?? source.error ?? workflow.error;
  if (error !== null)
    return <Failure error={error} what="The form could not be made." again={() => location.reload()} />;
  const isReading = from !== undefined && source.data === undefined;
  return (
    <>
      <header className="head">
        <h1>Make</h1>
      </header>
      {projects.data?.length === 0 && <FirstProject />}
      {workflows.data !== undefined && <Kinds workflows={workflows.data} chosen={name} input={input} />}
      {projects.data?.length !== 0 &&
        (workflow.data === undefined || projects.data === undefined || isReading ? (
          <Loading what="the form" />
        ) : (
          <Filled
            key={`${workflow.data.name} ${from ?? ''}`}
            workflow={workflow.data}
            projects={projects.data}
            source={source.data}
            projectId={project}
            input={input}
          />
        ))}
    </>
  );
}

/** Of what can be made now, what Tower would choose itself. */
function firstChoice(workflows: readonly WorkflowSummary[] | undefined): string | undefined {
  const byRank = workflows?.toSorted((one, other) => (one.rank ?? Infinity) - (other.rank ?? Infinity)) ?? [];
  const stills = byRank.filter(({ job_type }) => job_type === 'still_image');
  return (stills.find(({ cards }) => cards.some(({ can_run }) => can_run)) ?? stills[0] ?? byRank[0])?.name;
}

function FirstProject() {
  return (
    <Empty title="Begin with a project" action={<NewProject onCreated={() => undefined} />}>
      What is made belongs to a project, which has its own folder in the library.
    </Empty>
  );
}

interface KindsProps {
  readonly workflows: readonly WorkflowSummary[];
  readonly chosen: string | undefined;
  readonly input: string | undefined;
}

/** What can be made, by kind; what no card can run now says so. */
function Kinds({ workflows, chosen, input }: KindsProps) {
  const navigate = useNavigate();
  const kinds = Object.entries(jobTypes).map(
    ([type, title]) => [title, workflows.filter(({ job_type }) => job_type === type)] as const,
  );
  return (
    <div className="field">
      <label htmlFor="workflow">What</label>
      <select
        id="workflow"
        data-search
        value={chosen}
        onChange={({ target }) =>
          void navigate({ to: '/make', search: { workflow: target.value, ...(input === undefined ? {} : { input }) } })
        }
      >
        {kinds.map(([title, ofKind]) => (
          <optgroup key={title} label={title}>
            {ofKind.map((workflow) => (
              <option key={workflow.name} value={workflow.name}>
                {workflow.title}
                {workflow.cards.some(({ can_run }) => can_run) ? '' : ' (no card can run it now)'}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}

interface FilledProps {
  readonly workflow: WorkflowView;
  readonly projects: readonly ProjectView[];
  readonly source: JobView | undefined;
  readonly projectId: string | undefined;
  /** Id of what is worked on, where the workflow works on something. */
  readonly input: string | undefined;
}

/** The first place of the workflow for a picture or film, with what is to be worked on. */
function inputValue({ parameters }: WorkflowView, input: string | undefined): Draft['values'] {
  const place = parameters.find(({ type }) => type === 'image' || type === 'film');
  return place === undefined || input === undefined ? {} : { [place.name]: input };
}

/** The form begins with what a job had, or with the project that was worked in last. */
function Filled({ workflow, projects, source, projectId, input }: FilledProps) {
  const presets = presetsOf(workflow);
  const [first] = projects;
  const [draft, setDraft] = useState<Draft>(() =>
    source !== undefined && source.workflow === workflow.name
      ? draftOf(source, workflow)
      : {
          ...emptyDraft,
          projectId: projects.find(({ id }) => id === projectId)?.id ?? first?.id ?? '',
          values: inputValue(workflow, input),
          preset: presets.includes('standard') ? 'standard' : (presets[0] ?? 'standard'),
        },
  );
  return <MakeForm workflow={workflow} projects={projects} draft={draft} onChange={setDraft} />;
}
