// First: workers and what specs start inherit it.
require('./caches.cjs');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  cacheDirectory: '<rootDir>/.cache/jest',
  testEnvironment: '<rootDir>/jest.env.cjs',
  testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/{e2e,deploy,docs,workflows}/**/*.spec.ts'],
  // Minutes each: jest.long.cjs.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.spec\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.tower/', '<rootDir>/.cache/'],
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/libs/testing/src/jest-global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/jest-global-teardown.ts',
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  // The program imports its commands when they are asked for, by the names that they have when compiled.
  moduleNameMapper: { '^@tower/([^/]+)$': '<rootDir>/libs/$1/src/index.ts', '^(\.{1,2}/commands/.+)\.js$': '$1' },
  testTimeout: 60_000,
  maxWorkers: 2,
};
