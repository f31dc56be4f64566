import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ProcessView, RenderingStatus, StatusView } from '@tower/contracts';
import { statusQuery } from '../api/queries';
import { Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Bar, Fact, Mark } from '../ui/marks';
import { bytesOf, counted, durationOf } from '../ui/words';
import { DeadLetters } from './dead-letters';
import { RecentFailures } from './recent-failures';

/** How Tower itself is: its processes, disks, models, and what a person should look at. */
export function SystemPage(): ReactNode {
  const { data, error, refetch } = useQuery(statusQuery);
  return (
    <>
      <header className="head">
        <h1>System</h1>
        {data !== undefined && <p className="lead">Tower {data.version}</p>}
      </header>
      {error !== null && data === undefined && (
        <Failure error={error} what="How Tower is could not be read." again={() => void refetch()} />
      )}
      {error === null && data === undefined && <Loading what="how Tower is" />}
      {data !== undefined && <Status status={data} />}
      <RecentFailures />
    </>
  );
}

function Status({ status }: { status: StatusView }) {
  const { rendering } = status;
  return (
    <>
      {rendering === null && (
        <p className="banner banner-bad">
          <strong>Rendering does not answer.</strong> Nothing is given to cards meanwhile. It is started again by
          itself; if it stays so, `tower doctor` says why.
        </p>
      )}
      <Processes processes={status.processes} />
      {rendering !== null && <Scheduler rendering={rendering} />}
      {rendering !== null && <Disks rendering={rendering} />}
      {rendering !== null && <Missing rendering={rendering} />}
      <DeadLetters letters={status.dead_letters} />
    </>
  );
}

const processTone = {
  starting: 'busy',
  ready: 'good',
  degraded: 'warn',
  stopping: 'neutral',
  down: 'bad',
} as const satisfies Record<ProcessView['state'], string>;

function Processes({ processes }: { processes: readonly ProcessView[] }) {
  return (
    <section aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      <ul className="processes">
        {processes.map((process) => (
          <Process key={process.service} process={process} />
        ))}
      </ul>
    </section>
  );
}

/** Whether the check says more than that all is well. */
const isWorthReading = ({ ok, degraded }: ProcessView['checks'][string]): boolean => !ok || degraded === true;

function Process({ process }: { process: ProcessView }) {
  const { service, state, version, pid, uptime_seconds, checks } = process;
  const all = Object.entries(checks);
  const wrong = all.filter(([, check]) => isWorthReading(check));
  return (
    <li className="panel">
      <header>
        <h3>{service}</h3>
        <Mark tone={processTone[state]}>{state}</Mark>
      </header>
      <p className="fine">
        {version ?? 'version not known'}
        {pid !== null && `, process ${pid}`}
        {uptime_seconds !== null && `, up for ${durationOf(uptime_seconds)}`}
      </p>
      {wrong.map(([name, { detail }]) => (
        <p key={name} className="note">
          <strong>{name}</strong> {detail}
        </p>
      ))}
      {all.length > wrong.length && (
        <details>
          <summary>{counted(all.length - wrong.length, 'check')} well</summary>
          <ul className="sentences">
            {all
              .filter(([, check]) => !isWorthReading(check))
              .map(([name, { detail }]) => (
                <li key={name}>
                  <strong>{name}</strong> <span className="fine">{detail}</span>
                </li>
              ))}
          </ul>
        </details>
      )}
    </li>
  );
}

/** Who gives out the work, and how long cards wait for it. */
function Scheduler({ rendering: { leader, planner } }: { rendering: RenderingStatus }) {
  const times = planner?.planning_seconds;
  return (
    <section aria-labelledby="scheduler">
      <h2 id="scheduler">Giving out work</h2>
      <dl className="facts">
        <Fact name="Leader">{leader.holder ?? 'nobody: work waits until one takes over'}</Fact>
        {times !== undefined && (
          <Fact name="Planning">
            {Math.round(times.p50 * 1000)} ms, at worst {Math.round(times.p99 * 1000)} ms of a hundred
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Disks({ rendering: { disks, machine } }: { rendering: RenderingStatus }) {
  return (
    <section aria-labelledby="disks">
      <h2 id="disks">Disks and tools</h2>
      <div className="panels">
        {disks.map((disk) => (
          <article className="panel" key={disk.place}>
            <header>
              <h3>{disk.place}</h3>
              <Mark tone={disk.ok ? 'good' : 'bad'}>{disk.ok ? 'well' : 'work waits for it'}</Mark>
            </header>
            <p>
              {bytesOf(disk.free_bytes)} of {bytesOf(disk.total_bytes)} free
            </p>
            <Bar
              percent={disk.total_bytes === 0 ? 0 : (1 - disk.free_bytes / disk.total_bytes) * 100}
              tone={disk.ok ? 'neutral' : 'bad'}
              label={`In use on the disk of the ${disk.place}`}
            />
            <p className="fine">{disk.detail}</p>
            {disk.lacks.map((lack) => (
              <p className="fine" key={lack}>
                {lack}
              </p>
            ))}
          </article>
        ))}
      </div>
      <dl className="facts">
        <Fact name="ffmpeg">
          {machine.ffmpeg === null
            ? 'none runs: films cannot be checked'
            : `${machine.ffmpeg.version} (${machine.ffmpeg.source})`}
        </Fact>
      </dl>
      {[...machine.warnings, machine.ffmpeg?.warning ?? '']
        .filter((warning) => warning !== '')
        .map((warning) => (
          <p className="note" key={warning}>
            {warning}
          </p>
        ))}
    </section>
  );
}

function Missing({ rendering: { models } }: { rendering: RenderingStatus }) {
  if (models.missing.length === 0) return null;
  return (
    <section aria-labelledby="missing">
      <h2 id="missing">What workflows lack</h2>
      <details>
        <summary>
          {counted(models.missing.length + (models.missing_omitted ?? 0), 'file or pack', 'files and packs')}
        </summary>
        <ul className="sentences">
          {models.missing.map(({ workflow, what, where }) => (
            <li key={`${workflow} ${what} ${where}`}>
              <strong>{workflow}</strong>: {what} <span className="fine">{where}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
