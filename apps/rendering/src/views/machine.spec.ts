import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from './machine';

const folder = mkdtempSync(join(tmpdir(), 'tower-machine-'));
const before = process.env['FFMPEG_PATH'];
afterAll(() => {
  if (before === undefined) delete process.env['FFMPEG_PATH'];
  else process.env['FFMPEG_PATH'] = before;
  rmSync(folder, { recursive: true });
});

/** A program that calls itself ffmpeg; `options` is what its help knows. */
function pretendFfmpeg(version: string, options: string): void {
  const path = join(folder, `ffmpeg-${version}`);
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$*" in *-version*) echo "ffmpeg version ${version} Copyright" ;; *) echo "${options}" ;; esac\n`,
  );
  chmodSync(path, 0o755);
  process.env['FFMPEG_PATH'] = path;
}

it('says which ffmpeg there is and nothing more where all is well', () => {
  pretendFfmpeg('7.1.2', '-fps_mode');
  expect(describeMachine({}, 1_000)).toEqual({
    ffmpeg: { version: '7.1.2', source: 'setting', warning: null },
    warnings: [],
  });
});

it('warns of an old ffmpeg, and says what to do', () => {
  pretendFfmpeg('4.1', '-vsync');
  const { ffmpeg, warnings } = describeMachine({}, 1_000);
  expect(ffmpeg).toMatchObject({
    version: '4.1',
    warning: expect.stringMatching(/older than ffmpeg 5\.1.*install a current ffmpeg/),
  });
  expect(warnings).toEqual([ffmpeg?.warning]);
});

it('warns of none at all', () => {
  process.env['FFMPEG_PATH'] = join(folder, 'none');
  expect(describeMachine({}, 1_000)).toEqual({ ffmpeg: null, warnings: [expect.stringContaining('no ffmpeg')] });
});

it("warns of running as root, with the launcher's reason where it gave one", () => {
  pretendFfmpeg('8.0', '-fps_mode');
  expect(describeMachine({ TOWER_RUNS_AS_ROOT: 'the services run as root: because' }, 0).warnings).toEqual([
    'the services run as root: because',
  ]);
  expect(describeMachine({}, 0).warnings).toEqual([expect.stringContaining('ordinary user')]);
});
