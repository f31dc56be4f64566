const base = require('./jest.config.cjs');

/** What needs no server, so none is started: `nx test <project>`. */
module.exports = {
  ...base,
  globalSetup: undefined,
  globalTeardown: undefined,
  testPathIgnorePatterns: ['/node_modules/', '\\.(medium|long|e2e)\\.spec\\.ts$'],
};
