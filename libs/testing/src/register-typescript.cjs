/**
 * `node --require <this file>` runs our TypeScript without compiling it first, with @tower/* taken from the sources as
 * jest takes them. For processes that a spec starts in order to kill them, and for jest's global setup.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
require('../../../caches.cjs');
const { transformSync } = require('@swc/core');

const libs = join(__dirname, '..', '..');
const options = { ...JSON.parse(readFileSync(join(libs, '..', '.swcrc'), 'utf8')), swcrc: false, sourceMaps: 'inline' };

Module._extensions['.ts'] ??= (module, filename) => {
  module._compile(transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code, filename);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const lib = /^@tower\/([^/]+)$/.exec(request)?.[1];
  return resolveFilename.call(this, lib === undefined ? request : join(libs, lib, 'src', 'index.ts'), ...rest);
};
