/** A process that attacks, behind all others. */
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

// A server that closes a connection in the middle of what it is sent is what is hoped for.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (!['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ECONNABORTED'].includes(error.code ?? '')) throw error;
});

answer<AttackQuestion, Sent>(async ({ name, target }) => {
  const { bytes, statuses } = await attackOf(name).run(target);
  return { bytes, statuses };
});
