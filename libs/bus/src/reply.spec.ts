import { AppError } from '@tower/kit';
import { fromErrorReply, reply, toErrorReply } from './reply';

it('carries all that a person is told of an error', () => {
  const error = new AppError('conflict', 'deadline_impossible', 'it cannot be promised', {
    retryAfterMs: 1_000,
    fields: [{ pointer: '/strict_deadline', message: 'cannot be kept' }],
    extensions: { earliest_seconds: 75, earliest_finish_at: null },
    cause: new Error('inside'),
    details: { secret: true },
  });
  const travelled = reply.parse(JSON.parse(JSON.stringify(toErrorReply(error))));
  if (travelled.ok) throw new Error('the error came back as an answer');
  expect(fromErrorReply(travelled.error)).toMatchObject({
    kind: 'conflict',
    code: 'deadline_impossible',
    message: 'it cannot be promised',
    options: {
      retryAfterMs: 1_000,
      fields: [{ pointer: '/strict_deadline', message: 'cannot be kept' }],
      extensions: { earliest_seconds: 75, earliest_finish_at: null },
    },
  });
  expect(JSON.stringify(travelled)).not.toMatch(/inside|secret/);
});
