import { tearDownRun } from './run-teardown';

export default tearDownRun;
