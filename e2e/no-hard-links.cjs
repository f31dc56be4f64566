// Loaded into every process of a Tower under test: hard links are refused as on SMB, exFAT and many FUSE disks, and the
// process whose number stands in the file TOWER_TEST_DIE_RENAMING dies between reserving a name and using it.
const { existsSync, readFileSync } = require('node:fs');
const promises = require('node:fs/promises');

promises.link = (from, to) =>
  Promise.reject(
    Object.assign(new Error(`EPERM: operation not permitted, link '${from}' -> '${to}'`), {
      code: 'EPERM',
      errno: -1,
      syscall: 'link',
      path: from,
      dest: to,
    }),
  );

const { rename } = promises;
promises.rename = (from, to) => {
  const order = process.env.TOWER_TEST_DIE_RENAMING;
  const isAsked = order !== undefined && existsSync(order) && readFileSync(order, 'utf8') === String(process.pid);
  if (isAsked && String(to).endsWith('.png')) process.kill(process.pid, 'SIGKILL');
  return rename(from, to);
};
