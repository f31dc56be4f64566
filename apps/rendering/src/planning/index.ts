// What programs that judge the planner run: the same that the leader runs.
export type { Card } from '../cards/card';
export type { Waiting } from './eligibility';
export type { LoadEstimate, Plan, PlanFacts, Placement, Span } from './plan-facts';
export { assignments, plan } from './planner';
export { Estimator, type TimeEstimate } from './estimates/components/estimator';
export type { TimedAttempt, TimedWork, TimePrior } from './estimates/components/timed-work';
