const base = require('./jest.config.cjs');

/** The rules themselves, without doors, storage and servers: fast specs, and a floor under how much of them is run. */
module.exports = {
  ...base,
  globalSetup: undefined,
  globalTeardown: undefined,
  testMatch: [
    '<rootDir>/apps/{rendering,projects,characters,quality}/src/**/*.spec.ts',
    '<rootDir>/libs/{bus,contracts,kit}/src/*.spec.ts',
    '<rootDir>/libs/comfyui/src/**/*.spec.ts',
  ],
  testPathIgnorePatterns: ['(medium|long)\\.spec', 'e2e'],
  coverageDirectory: '<rootDir>/coverage',
  coverageReporters: ['text', 'json-summary'],
  collectCoverageFrom: [
    'apps/rendering/src/jobs/{moves,job-request,request-plan}.ts',
    'apps/rendering/src/scheduling/{ladder,pick,prompt-ending,reconcile,vram-need}.ts',
    'apps/rendering/src/workflows/{bind,check-workflow,compose,formula,graph-edit,missing,part-chains,planned-values,workflow-library}.ts',
    'apps/rendering/src/estimates/*.ts',
    'apps/rendering/src/comfyui/{comfy-json,failure,progress-tracker}.ts',
    'apps/rendering/src/gpus/{card-health,restart-watch}.ts',
    'libs/comfyui/src/access/gpu-config.ts',
    'apps/projects/src/project.ts',
    'apps/characters/src/character.ts',
    'apps/quality/src/{findings,verdict}.ts',
    'libs/bus/src/delivery.ts',
    'libs/kit/src/{errors,problem}.ts',
    '!**/*.spec.ts',
  ],
  coverageThreshold: { global: { statements: 90, branches: 90, functions: 90, lines: 90 } },
};
