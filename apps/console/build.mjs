import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * Builds the console into `dist`, unless what it is made of is as it was at the last build. Fails where the first load
 * would be larger than a page may be.
 */

const folder = import.meta.dirname;
const root = join(folder, '..', '..');
const dist = join(folder, 'dist');
const stampFile = join(dist, '.built');

/** Bytes, compressed: scripts and styles that a browser has to read before the first view stands. */
const firstLoadLimit = 300 * 1024;

const sources = [
  ...readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.spec.'))
    .map((entry) => join(entry.parentPath, entry.name)),
  ...['index.html', 'vite.config.mjs', 'build.mjs', 'tsconfig.json'].map((name) => join(folder, name)),
  join(root, 'package-lock.json'),
].sort();

function stampOf() {
  const hash = createHash('sha256');
  for (const file of sources) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Every file that index.html names, and what these import without being asked: the first load. */
function firstLoad() {
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const names = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, name]) => name);
  const seen = new Set(names);
  for (const name of seen) {
    if (!name.endsWith('.js')) continue;
    const text = readFileSync(join(dist, name), 'utf8');
    for (const [, next] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) seen.add(`assets/${next}`);
  }
  return [...seen];
}

const compressed = (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 });

/** Beside each file what the gateway sends to those who can unpack it. */
function writeCompressed() {
  for (const name of readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css|svg)$/.test(name)))
    writeFileSync(join(dist, 'assets', `${name}.gz`), compressed(`assets/${name}`));
}

const stamp = stampOf();
if (!process.argv.includes('--force') && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp)
  process.exit(0);

const began = performance.now();
// Only here: reading it takes longer than finding out that nothing has changed.
const { build } = await import('vite');
rmSync(stampFile, { force: true });
await build({ configFile: join(folder, 'vite.config.mjs'), logLevel: 'warn' });

const bytes = firstLoad().reduce((sum, name) => sum + compressed(name).length, 0);
writeCompressed();
const figures = { console_built_in_ms: Math.round(performance.now() - began), first_load_gzip_bytes: bytes };
process.stderr.write(`${JSON.stringify(figures)}\n`);
if (bytes > firstLoadLimit) {
  process.stderr.write(
    `the console's first load is ${bytes} bytes and may be ${firstLoadLimit}: load a view or a library later ` +
      `(lazyRouteComponent in apps/console/src/router.tsx), or do without it\n`,
  );
  process.exit(1);
}
mkdirSync(dirname(stampFile), { recursive: true });
writeFileSync(stampFile, stamp);
