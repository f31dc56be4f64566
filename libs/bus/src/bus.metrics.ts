import { errorKinds, secondsBuckets, type Metrics } from '@tower/kit';

const stream = 'the name of a stream, one per owner of events or commands';
const subject = 'the subject of a question, with its version';

/** Declared once per process. */
export class BusMetrics {
  readonly handled = this.metrics.counter({
    name: 'bus_messages_handled_total',
    help: 'Messages handled, by what was decided',
    labels: { stream, outcome: ['ack', 'retry', 'hold', 'dead_letter'] },
  });
  readonly handleSeconds = this.metrics.histogram({
    name: 'bus_handle_seconds',
    help: 'Seconds from delivery to decision',
    labels: { stream },
    buckets: secondsBuckets,
  });
  readonly published = this.metrics.counter({
    name: 'bus_events_published_total',
    help: 'Events that left the outbox',
    labels: { stream, duplicate: ['true', 'false'] },
  });
  readonly answers = this.metrics.counter({
    name: 'bus_answers_total',
    help: 'Questions of other services: answered, the kind of the error, or malformed',
    labels: { subject, outcome: ['answered', 'malformed', ...errorKinds] },
  });
  readonly givenUp = this.metrics.counter({
    name: 'bus_events_given_up_total',
    help: 'Events that the message server would never take; each is a dead letter',
    labels: { stream },
  });
  readonly outboxDepth = this.metrics.gauge({ name: 'bus_outbox_depth', help: 'Events that wait in the outbox' });
  readonly deadLetters = this.metrics.gauge({
    name: 'bus_dead_letters_open',
    help: 'Messages that could not be handled and wait for a person',
  });
  readonly requests = this.metrics.counter({
    name: 'bus_requests_total',
    help: 'Questions to other services, by outcome',
    labels: { subject, outcome: ['answered', 'unanswered', 'refused'] },
  });
  readonly requestSeconds = this.metrics.histogram({
    name: 'bus_request_seconds',
    help: 'Seconds until another service answered',
    labels: { subject },
    buckets: secondsBuckets,
  });

  constructor(private readonly metrics: Metrics) {}
}
