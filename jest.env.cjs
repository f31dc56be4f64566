const { TestEnvironment } = require('jest-environment-node');

// What libs/imaging/src/models/no-telemetry.ts says of itself: in a spec it only reaches a copy of process.env.
process.env.ORT_DISABLE_TELEMETRY = '1';

/** onnxruntime-node creates typed arrays of the outer realm; the sandbox has to share those constructors. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of [
      'Float32Array',
      'Float64Array',
      'Int8Array',
      'Int16Array',
      'Int32Array',
      'Uint8ClampedArray',
      'Uint16Array',
      'Uint32Array',
      'BigInt64Array',
      'BigUint64Array',
    ])
      this.global[name] = globalThis[name];
  }
};
