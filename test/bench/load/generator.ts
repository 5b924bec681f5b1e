import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Measured } from './closed-loop';
import type { LoadMessage, LoadReply, Loads } from './load-process';

/** One process for all the loads of a run, so that it is warm for each of them alike. */
let child: ChildProcess | undefined;

export async function generate<K extends keyof Loads>(kind: K, load: Loads[K]): Promise<Measured> {
  child ??= fork(join(__dirname, 'load-process.ts'), { serialization: 'advanced' });
  const reply = once(child, 'message') as Promise<[LoadReply]>;
  child.send({ kind, load } as LoadMessage);
  const [answer] = await reply;
  if ('error' in answer) throw new Error(answer.error);
  return answer.measured;
}

export function stopGenerator(): void {
  if (child?.connected) child.disconnect();
  child = undefined;
}
