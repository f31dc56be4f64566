/**
 * Loaded before everything else in every process of a Tower (NODE_OPTIONS); acts only in the launcher. A process that a
 * drill kills again and again starts again as soon as after its first end, where the pauses otherwise grow to 10 s:
 * they have a spec of their own.
 */
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  return request === './restart-policy' ? { ...loaded, restartDelayMs: () => loaded.restartDelayMs(1) } : loaded;
};
