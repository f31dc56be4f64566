/**
 * Loaded before everything else in every process of a Tower (NODE_OPTIONS); acts only where quality decodes pictures.
 * A picture that carries the words DEADLY_MARK ends its decoder, as a crash in libvips does; while the file DEADLY_HOLD
 * is there, the others take as long as it is there.
 */
const Module = require('node:module');
const { existsSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const { DEADLY_MARK, DEADLY_HOLD } = process.env;
const path = require('node:path').join('quality', 'dist', 'inspecting-process.js');

if (process.argv[1]?.endsWith(path) && DEADLY_MARK !== undefined && DEADLY_HOLD !== undefined) {
  const load = Module._load;
  Module._load = function (request, ...rest) {
    const loaded = load.call(this, request, ...rest);
    return request === 'sharp' ? new Proxy(loaded, { apply }) : loaded;
  };
}

function apply(sharp, self, args) {
  const [source] = args;
  if (source instanceof Uint8Array && Buffer.from(source).includes(DEADLY_MARK)) process.kill(process.pid, 'SIGKILL');
  const pipeline = Reflect.apply(sharp, self, args);
  const metadata = pipeline.metadata;
  pipeline.metadata = async function (...given) {
    while (existsSync(DEADLY_HOLD)) await sleep(20);
    return metadata.apply(this, given);
  };
  return pipeline;
}
