import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { chromium, type Browser, type Page } from 'playwright-core';

const { version } = JSON.parse(
  readFileSync(join(repositoryRoot, 'node_modules', '@sparticuz', 'chromium', 'package.json'), 'utf8'),
) as { version: string };
const folder = join(repositoryRoot, '.cache', `chromium-${version}`);
const program = join(folder, 'chromium');

/** The package unpacks into the folder for temporary files, and looks only whether something is there already. */
function unpack(): void {
  if (existsSync(program)) return;
  mkdirSync(join(repositoryRoot, '.cache'), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  const script = "require('@sparticuz/chromium').executablePath().catch(() => process.exit(1))";
  spawnSync(process.execPath, ['-e', script], {
    cwd: repositoryRoot,
    env: { PATH: process.env['PATH'], TMPDIR: fresh },
  });
  writeFileSync(join(fresh, 'fonts.conf'), fontsConfig());
  try {
    renameSync(fresh, folder);
  } catch {
    // Another worker was quicker.
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The same letters on every machine, Japanese ones among them, and nothing kept outside of the project. */
const fontsConfig = (): string => `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts', 'fonts')}</dir>
  <dir>${join(repositoryRoot, 'node_modules', '@expo-google-fonts', 'biz-udpgothic')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'font-cache')}</cachedir>
  ${['system-ui', 'sans-serif', 'sans']
    .map(
      (family) =>
        `<alias binding="strong"><family>${family}</family>` +
        '<prefer><family>Open Sans</family><family>BIZ UDPGothic</family><family>DejaVu Sans</family></prefer></alias>',
    )
    .join('\n  ')}
</fontconfig>
`;

const environment = { PATH: process.env['PATH'] ?? '', HOME: folder, FONTCONFIG_FILE: join(folder, 'fonts.conf') };
const flags = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--hide-scrollbars'];

/** A Chromium that starts on this machine; undefined where its libraries are missing. */
export function chromiumProgram(): string | undefined {
  unpack();
  if (!existsSync(program)) return undefined;
  // Enough to load all of its libraries, which is what a machine may lack.
  const { status } = spawnSync(program, ['--version'], { env: environment, timeout: 20_000 });
  return status === 0 ? program : undefined;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: program, args: flags, env: environment });

/** What axe calls serious or worse, each with the first place where it was found. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // As a script of the page the policy would refuse it, as it should.
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
  )) as { violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes: [first] }) => `${id}: ${first?.target.join(' ')}: ${first?.failureSummary}`);
}

/** Everything that the page complained about: errors of scripts, refusals of its policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // While the gateway is away, what is asked of it cannot be loaded, and the page says so itself.
    const isAbsence = /ERR_CONNECTION|Failed to load resource|WebSocket connection/.test(message.text());
    if (message.type() === 'error' && !isAbsence) complaints.push(message.text());
  });
  return complaints;
}

/** Pixels by which the page is wider than what is shown of it. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
