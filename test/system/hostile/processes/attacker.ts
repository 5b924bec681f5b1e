/** Process that runs the attacks with low priority. */
import { setPriority } from 'node:os';
import type { Sent, Target } from '../attack';
import { attackOf } from '../attacks';
import { answer } from './child';

export interface AttackQuestion {
  readonly name: string;
  readonly target: Target;
}

const LOWEST_PRIORITY = 19;
setPriority(LOWEST_PRIORITY);

// The server is expected to close connections while data is being sent.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (!['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ECONNABORTED'].includes(error.code ?? '')) throw error;
});

answer<AttackQuestion, Sent>(async ({ name, target }) => {
  const { bytes, statuses } = await attackOf(name).run(target);
  return { bytes, statuses };
});
