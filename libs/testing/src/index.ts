export { createTestDatabase, type TestDatabase } from './test-database';
export { startTestNats, type TestNats } from './test-nats';
export { FixedClock } from './fixed-clock';
export { waitFor, type WaitOptions } from './wait-for';
