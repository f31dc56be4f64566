const base = require('./jest.config.cjs');

/** What takes long, mostly by waiting: `npm run test:long`. */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/{apps,libs,e2e}/**/*.long.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 30 * 60_000,
};
