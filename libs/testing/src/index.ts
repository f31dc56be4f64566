export { createTestDatabase, type TestDatabase } from './test-database';
export { startTestNats, type TestNats, type TestNatsSettings } from './test-nats';
export { FixedClock } from './fixed-clock';
export { waitFor, type WaitOptions } from './wait-for';
export {
  FileServer,
  dropAfter,
  ignoreRange,
  stallAfter,
  status,
  unmeasured,
  wholeFile,
  type FileAnswer,
} from './file-server';
export { safetensors } from './safetensors';
export { describeNeeds, itNeeds } from './needs';
export { mayMount, mountSmallDisk, type SmallDisk } from './small-disk';
export { Plans } from './plans';
export { createTestAuthority, type TestAuthority } from './test-authority';
export * from './cluster-folder';
export { SimProcess } from './sim-process';
