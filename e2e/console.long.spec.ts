// Real: every process of a Tower, the built console, a Chromium. Simulated: the two cards.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { routes } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { describeNeeds, waitFor } from '@tower/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { chromiumProgram, complaintsOf, openBrowser, overflowOf, seriousFindings } from './console-browser';
import { TowerProcess } from './tower-process';

/** `CONSOLE_PICTURES=docs/console` renews the pictures of the documents. */
const pictures = resolve(repositoryRoot, process.env['CONSOLE_PICTURES'] ?? join('.cache', 'console'));
const views = ['/', '/make', '/library', '/cards', '/projects', '/characters', '/system'];

const laptop = { width: 1280, height: 832 };
const phone = { width: 360, height: 760 };

describeNeeds(chromiumProgram(), 'a Chromium that starts')('the console in a browser', () => {
  let tower: TowerProcess;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    tower = await TowerProcess.start({ env: { TOWER_SIM_TIME_SCALE: '0.2' } });
    browser = await openBrowser();
  }, 150_000);
  afterAll(async () => {
    await browser?.close();
    await tower?.remove();
  });

  const open = async (
    path: string,
    { colorScheme = 'dark' as 'dark' | 'light', viewport = laptop } = {},
  ): Promise<void> => {
    context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    complaints = complaintsOf(page);
    await page.goto(`${tower.url}${path}`);
    await page.getByText('Live', { exact: true }).waitFor();
  };
  /** With as many colours as a page has, which makes it a fifth as large. */
  const picture = async (name: string) =>
    sharp(await page.screenshot())
      .png({ palette: true, effort: 5 })
      .toFile(join(pictures, `${name}.png`));

  afterEach(async () => {
    await context?.close();
    await tower.api.call(routes.resumeQueue, { body: {} });
    expect(complaints).toEqual([]);
  });

  it('teaches somebody who comes for the first time what to do first', async () => {
    await open('/make');
    await page.getByText('Begin with a project').waitFor();
    await picture('empty-make');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Name').fill('Night Train');
    await page.getByLabel('Description').fill('Six episodes on the last sleeper to the coast');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Prompt', { exact: true }).waitFor();
    await page.goto(`${tower.url}/library`);
    await page.getByText('The library is empty').waitFor();
    await picture('empty-library');
    await page.goto(`${tower.url}/`);
    await page.getByText('Nothing waits', { exact: true }).waitFor();
    await picture('empty-now');
  });

  it('makes a picture from the form, says when it will be ready, and shows it without a reload', async () => {
    await open('/make');
    await page.getByLabel('Prompt', { exact: true }).fill('a girl with blue hair at the window of a train');
    await page.getByText(/^in \d+ s$/).waitFor();
    await picture('make');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.waitForURL(/\/jobs\//);
    await page.locator('.tile img').waitFor();
    await page.getByText('Ready', { exact: true }).first().waitFor();
    await picture('job-ready');
    expect(await seriousFindings(page)).toEqual([]);
    await page.locator('.tile a').click();
    await page.locator('.picture img').waitFor();
    await picture('viewer');
    expect(await seriousFindings(page)).toEqual([]);
    const [name] = await Promise.all([
      page.waitForEvent('download').then((download) => download.suggestedFilename()),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(name).toMatch(/\.png$/);
  });

  it('reads no more than 300 kB before the first view stands, and prints how soon that is', async () => {
    await open('/');
    await page.locator('.at-work').waitFor();
    const figures = (await page.evaluate(`({
      first_paint_ms: Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN),
      live_ms: Math.round(performance.now()),
      first_load_bytes: performance.getEntriesByType('resource')
        .filter(({ name }) => name.includes('/assets/')).reduce((sum, { transferSize }) => sum + transferSize, 0),
    })`)) as Record<'first_paint_ms' | 'live_ms' | 'first_load_bytes', number>;
    process.stderr.write(`${JSON.stringify(figures)}\n`);
    expect(figures.first_load_bytes).toBeGreaterThan(10_000);
    expect(figures.first_load_bytes).toBeLessThan(300 * 1024);
  });

  it('shows what the cards draw while they draw it', async () => {
    await ask('drawn slowly', { preset: 'final', count: 2 });
    await open('/');
    await page
      .getByAltText(/^What \w+ is drawing/)
      .first()
      .waitFor();
    await picture('now-previews');
    await page.locator('.ended', { hasText: 'drawn slowly' }).locator('img').waitFor({ timeout: 60_000 });
  });

  it('fills the form in from a picture that Tower made, and works on a picture that is sent', async () => {
    const { items } = await tower.api.call(routes.listJobs, { query: { state: 'completed' } });
    const [artifact] = (await tower.api.call(routes.listJobArtifacts, { params: { id: items[0]?.id ?? '' } })).items;
    const buffer = Buffer.from(await (await fetch(`${tower.url}${artifact?.content_url}`)).arrayBuffer());
    const file = { name: 'a <b>picture</b>.png', mimeType: 'image/png', buffer };
    await open('/make');
    await page.getByLabel('Fill in from a picture').setInputFiles(file);
    await page.waitForURL(/from=/);
    expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe(items[0]?.prompt);
    expect(await page.getByLabel('Seed').inputValue()).toBe(String(items[0]?.seed));

    await page.goto(`${tower.url}/make?workflow=upscale-esrgan`);
    await page.getByLabel('Choose a picture').setInputFiles(file);
    await page.getByAltText('What was sent').waitFor();
    await page.getByText(/^in \d+ s$/).waitFor();
    await picture('make-from-picture');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.waitForURL(/\/jobs\//);
    await page.locator('.tile img').waitFor({ timeout: 60_000 });
  });

  it('shows up to four results side by side, chosen by keyboard', async () => {
    await open('/library');
    await page.locator('.tile a').nth(2).waitFor();
    for (const _ of [1, 2]) {
      await page.keyboard.press('j');
      await page.keyboard.press('x');
    }
    await page.getByRole('link', { name: 'Compare 2' }).click();
    await page.waitForURL(/\/compare/);
    await page.locator('.compare img').nth(1).waitFor();
    await picture('compare');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('refuses what is no picture at the place where it was dropped', async () => {
    await open('/make?workflow=upscale-esrgan');
    const buffer = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
    await page.getByLabel('Choose a picture').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer });
    await page.locator('.drop .field-error').waitFor();
    await picture('upload-refused');
  });

  it('scrolls through ten thousand jobs without holding anybody up', async () => {
    const whole = await tower.api.call(routes.getJob, { params: { id: await ask('one of many') } });
    await open('/');
    const line = (index: number) => ({
      ...whole,
      id: `01a1fbd7-c04b-718d-89fc-${String(index).padStart(12, '0')}`,
      status: 'queued',
      prompt: `take ${index}`,
      prompt_cut: false,
      created_at: new Date(1_800_000_000_000 - index * 1000).toISOString(),
    });
    await context.route(/\/api\/anime\/jobs\?.*state=queued/, (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const items = Array.from({ length: 200 }, (_, index) => line(from + index));
      return route.fulfill({ json: { items, ...(from < 9_800 ? { next_cursor: String(from + 200) } : {}) } });
    });
    await context.route(/\/api\/anime\/jobs\/01a1fbd7[^/]*$/, (route) =>
      route.fulfill({ json: line(Number(route.request().url().slice(-12))) }),
    );
    await page.reload();
    await page.locator('.row').first().waitFor();
    await page.evaluate(
      `window.longTasks = []; new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' })`,
    );
    for (let turns = 0; turns < 60; turns += 1) {
      await page.mouse.wheel(0, 6_000);
      await page.waitForTimeout(50);
    }
    const rows = await page.locator('.row').count();
    const tasks = (await page.evaluate('window.longTasks')) as number[];
    const height = await page.evaluate('document.documentElement.scrollHeight');
    process.stderr.write(`${JSON.stringify({ rows, height, long_tasks_ms: tasks.map(Math.round) })}\n`);
    expect(rows).toBeLessThan(60);
  });

  it('says at its field what is wrong, before anything is made', async () => {
    await open('/make');
    await page.getByLabel('Prompt', { exact: true }).fill('a girl');
    await page.getByText('Size, steps and everything else').click();
    await page.getByLabel('Width').fill('63');
    const field = page.locator('.field', { has: page.getByLabel('Width') });
    await field.locator('.field-error').waitFor();
    await picture('make-error');
    expect(await page.getByLabel('Width').getAttribute('aria-invalid')).toBe('true');
  });

  it('cancels what is asked to be cancelled, and says so', async () => {
    await tower.api.call(routes.pauseQueue, { body: {} });
    const job = await ask('to be cancelled');
    await open('/');
    const row = page.locator('.row', { hasText: 'to be cancelled' });
    await row.getByRole('button', { name: 'Cancel' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await tower.api.call(routes.getJob, { params: { id: job } })).status).toBe('cancelled');
    await tower.api.call(routes.resumeQueue, { body: {} });
  });

  it('says that it is cut off, from when it is, and catches up by itself when the gateway is back', async () => {
    await tower.api.call(routes.pauseQueue, { body: {} });
    await ask('before the gateway died');
    await open('/');
    await page.locator('.row', { hasText: 'before the gateway died' }).waitFor();
    // As when a laptop sleeps: the page can come back only once it is awake, however soon the gateway is.
    await context.setOffline(true);
    const old = tower.signal('gateway', 'SIGKILL');
    await page.getByText('Tower does not answer.').waitFor();
    await picture('cut-off');
    await tower.untilRestarted('gateway', old);
    await context.setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 60_000 });
    await ask('after the gateway came back');
    await page.locator('.row', { hasText: 'after the gateway came back' }).waitFor();
    await tower.api.call(routes.resumeQueue, { body: {} });
    await page
      .locator('.ended', { hasText: 'after the gateway came back' })
      .locator('img')
      .waitFor({ timeout: 60_000 });
  });

  it('is used by keyboard alone, from the first view to a picture', async () => {
    await tower.api.call(routes.pauseQueue, { body: {} });
    await ask('by keyboard');
    await open('/');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await picture('keys');
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('.row').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs\//);
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('make');
    await picture('palette');
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/make/);
    await page.getByLabel('Prompt', { exact: true }).focus();
    await page.keyboard.type('asked for by keyboard');
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === 'Make it') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs\//);
    await tower.api.call(routes.resumeQueue, { body: {} });
    await page.locator('.tile img').waitFor({ timeout: 60_000 });
  });

  describe.each(['dark', 'light'] as const)('in %s', (colorScheme) => {
    it.each(views)('has nothing on %s that keeps people out, and no side scroll at 360 pixels', async (path) => {
      await furnish(tower);
      const name = path === '/' ? 'now' : path.slice(1);
      await open(path, { colorScheme });
      await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
      await page.locator('.loading').waitFor({ state: 'detached' });
      await picture(`${name}-${colorScheme}`);
      expect(await seriousFindings(page)).toEqual([]);
      await page.setViewportSize(phone);
      await picture(`${name}-${colorScheme}-phone`);
      expect([path, await overflowOf(page)]).toEqual([path, 0]);
      expect(await seriousFindings(page)).toEqual([]);
    });
  });

  /** Asks for a picture in the first project. */
  async function ask(prompt: string, more: { preset?: 'draft' | 'final'; count?: number } = {}): Promise<string> {
    const { items } = await tower.api.call(routes.listProjects, {});
    const body = {
      project_id: items.at(-1)?.id ?? '',
      job_type: 'still_image' as const,
      prompt,
      preset: 'draft' as const,
    };
    return (await tower.api.call(routes.generate, { body: { ...body, ...more } })).job_id;
  }

  let isFurnished = false;
  /** Something of everything: long names, Japanese and right-to-left text, work that waits, runs and is done. */
  async function furnish({ api }: TowerProcess): Promise<void> {
    if (!isFurnished) {
      const project = await api.call(routes.createProject, { body: { name: '夜行列車' } });
      await api.call(routes.createCharacter, {
        params: { id: project.id },
        body: { name: '澪', base_prompt: '1girl, short silver hair, green eyes', negative_tokens: ['long hair'] },
      });
      for (const prompt of [
        '夜の駅のプラットホーム、青い髪の少女',
        'فتاة ذات شعر أزرق عند النافذة',
        'rain on the window, '.repeat(30),
      ])
        await ask(prompt, { count: 2 });
      await waitFor(
        async () => (await api.call(routes.listJobs, { query: { state: 'completed' } })).items.length >= 6,
        {
          timeoutMs: 90_000,
          describe: 'pictures to look at',
        },
      );
      isFurnished = true;
    }
    const { items } = await api.call(routes.listJobs, { query: { state: 'queued' } });
    for (let more = items.length; more < 8; more += 1)
      await ask(`the corridor at night, take ${more + 1}`, { preset: 'final' });
  }
});
