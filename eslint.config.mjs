import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const libsOfServices = ['contracts', 'kit', 'comfyui', 'models', 'library', 'db', 'bus', 'imaging'].map(
  (lib) => `lib:${lib}`,
);

/** Who may import whom (docs/architecture.md). Specs may use lib:testing and lib:machine on top. */
const depConstraints = [
  { sourceTag: 'lib:contracts', onlyDependOnLibsWithTags: [], bannedExternalImports: ['@nestjs/*', 'typeorm', 'nats'] },
  { sourceTag: 'lib:imaging', onlyDependOnLibsWithTags: [], bannedExternalImports: ['@nestjs/*', 'typeorm', 'nats'] },
  { sourceTag: 'lib:kit', onlyDependOnLibsWithTags: ['lib:contracts'], bannedExternalImports: ['typeorm', 'nats'] },
  ...['lib:comfyui', 'lib:models', 'lib:library'].map((sourceTag) => ({
    sourceTag,
    onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit'],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'nats'],
  })),
  { sourceTag: 'lib:db', onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit'], bannedExternalImports: ['nats'] },
  { sourceTag: 'lib:bus', onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit', 'lib:db'] },
  { sourceTag: 'lib:service', onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit', 'lib:db', 'lib:bus'] },
  // Servers that are started on this machine: for the launcher, specs and benchmarks, never for a service.
  { sourceTag: 'lib:machine', onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit', 'lib:bus'] },
  { sourceTag: 'lib:testing', onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit', 'lib:db', 'lib:machine'] },
  { sourceTag: 'app:service', onlyDependOnLibsWithTags: [...libsOfServices, 'lib:service'] },
  { sourceTag: 'app:cli', onlyDependOnLibsWithTags: [...libsOfServices, 'lib:machine'] },
  {
    sourceTag: 'app:sim',
    onlyDependOnLibsWithTags: ['lib:kit', 'lib:imaging'],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'nats'],
  },
  // Runs in a browser: what it knows of Tower are types, and what it is told over HTTP.
  {
    sourceTag: 'app:console',
    onlyDependOnLibsWithTags: ['lib:contracts'],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'nats', 'zod'],
  },
  { sourceTag: 'data:migrations', onlyDependOnLibsWithTags: [] },
  {
    sourceTag: 'app:bench',
    onlyDependOnLibsWithTags: ['lib:contracts', 'lib:kit', 'lib:db', 'lib:machine', 'lib:imaging'],
  },
  { sourceTag: 'data:workflows', onlyDependOnLibsWithTags: [] },
  // Folders of specs about the whole: they may use any library.
  { sourceTag: 'system:specs', onlyDependOnLibsWithTags: ['*'] },
];

const boundaries = (constraints, more = {}) => [
  'error',
  { enforceBuildableLibDependency: false, allow: [], depConstraints: constraints, ...more },
];
// The project files keep these circles, which only specs draw, out of the build graph; the rule looks at imports.
const circlesOfSpecs = [
  ...['contracts', 'kit', 'comfyui', 'models', 'library', 'db', 'bus', 'machine', 'service'].map((lib) => [
    lib,
    'testing',
  ]),
  ...['kit', 'db', 'bus'].map((lib) => [lib, 'machine']),
];
const withTesting = depConstraints.map((rule) => ({
  ...rule,
  onlyDependOnLibsWithTags: [...rule.onlyDependOnLibsWithTags, 'lib:testing', 'lib:machine'],
}));
const specs = ['**/*.spec.ts', 'apps/*/harness/**/*.ts'];

/** Lines, blank ones and comments among them: what is read at a glance, without scrolling. */
const functionLines = 60;
/** What a call can be read with. A class that needs more has more than one duty. */
const parameters = 6;
/** Lists that only grow longer, where a split would hide what belongs together; each with its reason. */
const longLists = {
  'apps/rendering/src/rendering.metrics.ts': 'every metric of the service once, with its name and its help',
  'migrations/*/*.ts': 'the tables of one step, in the order in which they are made',
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      '.tower/**',
      '.cache/**',
      'library/**',
      'coverage/**',
      '**/*.cjs',
      '**/*.mjs',
      '**/test-data/**',
      'apps/console/src/api/schema.d.ts',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { project: ['./tsconfig.lint.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(depConstraints),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/common',
              importNames: [
                'HttpException',
                'BadRequestException',
                'NotFoundException',
                'ConflictException',
                'InternalServerErrorException',
              ],
              message: 'throw an AppError; the door maps it',
            },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name='only']",
          message: 'a committed .only switches every other test off',
        },
        {
          selector: 'CallExpression[callee.property.name=/^toMatch(Inline)?Snapshot$/]',
          message: 'state what is expected',
        },
      ],
      'max-params': ['error', { max: parameters }],
      'max-lines-per-function': ['error', { max: functionLines, skipBlankLines: false, skipComments: false }],
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
    },
  },
  {
    // Compiled for browsers, by a configuration of its own.
    files: ['apps/console/src/**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: { project: ['./apps/console/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
  },
  // Specs of libraries use lib:testing, which is made of these libraries; specs are no part of what is built, so
  // nothing goes round.
  {
    files: specs,
    rules: {
      '@nx/enforce-module-boundaries': boundaries(withTesting, { ignoredCircularDependencies: circlesOfSpecs }),
    },
  },
  // The callbacks of describe and it hold whole stories.
  { files: ['**/*.spec.ts', ...Object.keys(longLists)], rules: { 'max-lines-per-function': 'off' } },
  // An app has no name to import it by; these folders read settings, metrics and the client where they stand.
  {
    files: ['{deploy,docs,e2e}/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(withTesting, { allow: ['../apps/**'] }),
    },
  },
  {
    // A judge of the planner that ran another one would judge nothing.
    files: ['bench/src/scheduling/**/*.ts', 'bench/src/estimates/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(depConstraints, { allow: ['@tower/rendering/planning'] }) },
  },
  { files: ['bench/**/*.ts', 'apps/cli/src/**/*.ts', 'apps/comfy-sim/src/main.ts'], rules: { 'no-console': 'off' } },
);
