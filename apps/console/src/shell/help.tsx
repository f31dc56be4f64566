import { Dialog } from '../ui/dialog';
import { commandKey } from './keys';
import { views } from './views';

const everywhere: readonly (readonly [string, string])[] = [
  [`${commandKey} K`, 'Go anywhere, do anything'],
  ['/', 'Search in this view'],
  ['j  k', 'Next, previous'],
  ['Enter', 'Open what is marked'],
  ['?', 'These keys'],
];
const ofJobs: readonly (readonly [string, string])[] = [
  ['c', 'Cancel the marked job'],
  ['p', 'Pause it, or go on'],
];
const ofViewer: readonly (readonly [string, string])[] = [
  ['←  →', 'Previous, next'],
  ['z', 'Fit, or every pixel'],
  ['x', 'Mark for comparison'],
];

function Keys({ title, keys }: { title: string; keys: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="keys">
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Help({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={onClose} size="wide">
      <div className="help">
        <Keys title="Everywhere" keys={everywhere} />
        <Keys title="Go to" keys={views.map(({ key, name }) => [`g ${key}`, name] as const)} />
        <Keys title="Now" keys={ofJobs} />
        <Keys title="Library" keys={ofViewer} />
      </div>
    </Dialog>
  );
}
