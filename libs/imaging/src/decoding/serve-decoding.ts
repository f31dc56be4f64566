import { writeFileSync } from 'node:fs';
import { toAnswer } from '../scoring/scoring-messages';

/** The child's side of `DecodingProcesses`: answers one question after the other until the parent is gone. */
export function serveDecoding<Question>(answer: (question: Question) => Promise<unknown>): void {
  // Ctrl-C and a stop reach the whole group; the parent finishes what it is at and then closes the channel.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  // Not exit(): that would wait for a decoder that may never end.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  preferToBeEnded();
  process.on('message', (question) => {
    void answer(question as Question)
      .then((value) => ({ ok: true, value }), toAnswer)
      .then((message) => process.send?.(message));
  });
}

/** When memory runs out on Linux, this process goes before the service that started it. */
function preferToBeEnded(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // Not ours to say in this container; the kernel then chooses by size alone.
  }
}
