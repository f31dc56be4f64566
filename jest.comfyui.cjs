const base = require('./jest.config.cjs');

/** The contract suite against a real server: COMFYUI_URL=http://127.0.0.1:8188 npm run test:comfyui */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/apps/comfy-sim/src/contract/*.contract.spec.ts'],
  globalSetup: '<rootDir>/apps/comfy-sim/jest.comfyui-setup.cjs',
  globalTeardown: undefined,
  // One file after the other: they share the server's one queue.
  maxWorkers: 1,
};
