const base = require('./jest.config.cjs');

/** Drills that take minutes: `npm run test:long`. One after the other, because each wants the machine for itself. */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/{apps,libs,e2e}/**/*.long.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 30 * 60_000,
};
