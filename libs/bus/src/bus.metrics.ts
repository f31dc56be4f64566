import { secondsBuckets, type Metrics } from '@tower/kit';

/** Declared once per process. */
export class BusMetrics {
  readonly handled;
  readonly handleSeconds;
  readonly published;
  readonly outboxDepth;
  readonly deadLetters;
  readonly requests;
  readonly requestSeconds;
  readonly answers;
  readonly givenUp;

  constructor(metrics: Metrics) {
    this.handled = metrics.counter({
      name: 'bus_messages_handled_total',
      help: 'Messages handled, by what was decided',
      labelNames: ['stream', 'outcome'],
    });
    this.handleSeconds = metrics.histogram({
      name: 'bus_handle_seconds',
      help: 'Seconds from delivery to decision',
      labelNames: ['stream'],
      buckets: secondsBuckets,
    });
    this.published = metrics.counter({
      name: 'bus_events_published_total',
      help: 'Events that left the outbox',
      labelNames: ['stream', 'duplicate'],
    });
    this.answers = metrics.counter({
      name: 'bus_answers_total',
      help: 'Questions of other services: answered, the kind of the error, malformed, or busy where too many waited',
      labelNames: ['subject', 'outcome'],
    });
    this.givenUp = metrics.counter({
      name: 'bus_events_given_up_total',
      help: 'Events that the message server would never take; each is a dead letter',
      labelNames: ['stream'],
    });
    this.outboxDepth = metrics.gauge({ name: 'bus_outbox_depth', help: 'Events that wait in the outbox' });
    this.deadLetters = metrics.gauge({
      name: 'bus_dead_letters_open',
      help: 'Messages that could not be handled and wait for a person',
    });
    this.requests = metrics.counter({
      name: 'bus_requests_total',
      help: 'Questions to other services, by outcome',
      labelNames: ['subject', 'outcome'],
    });
    this.requestSeconds = metrics.histogram({
      name: 'bus_request_seconds',
      help: 'Seconds until another service answered',
      labelNames: ['subject'],
      buckets: secondsBuckets,
    });
  }
}
