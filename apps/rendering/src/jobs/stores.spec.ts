import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const source = join(__dirname, '..');
const stores = ['jobs/job-store.ts', 'jobs/task-store.ts', 'jobs/attempt-store.ts'];

/** SQL or TypeORM that writes rows of jobs, tasks or attempts. */
const writes = [
  /\b(?:update|insert\s+into|delete\s+from|merge\s+into)\s+"?(?:job|task|attempt)\b/i,
  /\.(?:update|save|insert|upsert|increment|decrement|delete|remove)\(\s*(?:Job|Task|Attempt)\b/,
  /\binsertion\(\s*\w+,\s*(?:Job|Task|Attempt)\b/,
];

/** Every file of the program, by its path below `src`. */
function files(): { path: string; text: string }[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(source, path), 'utf8') }));
}

const pathsOf = (matches: (text: string) => boolean): string[] =>
  files()
    .filter(({ text }) => matches(text))
    .map(({ path }) => path)
    .sort();

it('writes jobs, tasks and attempts in their stores alone, where the tables of moves guard them', () => {
  expect(pathsOf((text) => writes.some((write) => write.test(text)))).toEqual([...stores].sort());
});

it('takes the fence where a write of the leader begins, and nowhere else', () => {
  expect(pathsOf((text) => /\b(?:requireFence|writeUnderFence)\b/.test(text))).toEqual(['leadership.ts']);
});

it.each([
  'await tx.update(Attempt, { id }, { state });',
  'await this.db.manager.update(\n  Task,\n  { id },',
  "tx.query('update job set state = $1')",
  '`with moved as (update  attempt set gpu = $1)`',
  'tx.insert(Job, job)',
  'insertion(\n  tx,\n  Task,\n  tasks)',
])('sees %j as a write', (text) => {
  expect(writes.some((write) => write.test(text))).toBe(true);
});
