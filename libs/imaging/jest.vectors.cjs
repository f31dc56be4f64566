const root = require('../../jest.config.cjs');

/**
 * The golden vectors alone. They need no server, so nothing is started for them; `TOWER_VECTORS` reads another folder.
 */
const { globalSetup, globalTeardown, ...config } = root;

/** @type {import('jest').Config} */
module.exports = { ...config, testMatch: ['<rootDir>/libs/imaging/src/vectors/**/*.vectors.spec.ts'], verbose: true };
