import type { Attack } from './attack';
import type { Plan } from '../../support/container/plan';
import type { Trial } from './trial';

const MAX_P99_MS = 250;
const MAX_MS = 1000;
const LEAST_THROUGHPUT = 0.5;
/**
 * Limit on latency if other programs use the machine, which makes times unreliable. Only a server that hardly answers
 * exceeds the limit.
 */
const MAX_UNTIMED_MS = 10_000;
/**
 * Limit on the number of threads of Node, the runtime, libuv, V8 and the decoders. Requests must not start more
 * threads.
 */
const MAX_THREADS = 64;

/** Matches errors that are faults of the server, and errors of more than 4 KiB. */
const NEVER = /^(HTTP 50[02]|UNKNOWN|INTERNAL|.* with an error of \d+ bytes)/;

/**
 * Faults in the server's reaction to an attack; empty if there are none.
 *
 * @param isTimed Whether latency and throughput count
 */
export function faults(attack: Attack, trial: Trial, isTimed: boolean, plan?: Plan): string[] {
  const { before, after, idle, attacked, sent, ended, memory = 0, threads = 0, leftBytes = 0 } = trial;
  const found: string[] = [];
  if (trial.wasKilled) found.push('killed because of its memory limit');
  if (before && after && (before.startedAt !== after.startedAt || before.restarts !== after.restarts)) {
    found.push('restarted');
  }
  if (!trial.isAlive) found.push('no longer alive');
  if (ended) found.push(`the attack did not end: ${ended}`);
  if (plan && memory > plan.memoryMiB * 2 ** 20) found.push('memory beyond the limit');
  if (threads > MAX_THREADS) found.push(`${threads} threads`);

  const { probed, served } = attacked;
  const failed = Object.entries(probed.failures).map(([what, times]) => `${times} x ${what}`);
  if (failed.length > 0 && isTimed) found.push(`health failed: ${failed.join(', ')}`);
  if (isTimed && probed.p99Ms > MAX_P99_MS) found.push(`health p99 ${Math.round(probed.p99Ms)} ms`);
  if (probed.maxMs > (isTimed ? MAX_MS : MAX_UNTIMED_MS)) found.push(`health maximum ${Math.round(probed.maxMs)} ms`);
  if (served.wrong > 0) found.push(`${served.wrong} wrong answers`);
  if (isTimed && served.perSecond < LEAST_THROUGHPUT * idle.served.perSecond) {
    const refused = Object.entries(served.refused).map(([what, times]) => `${times} x ${what}`);
    const rates = `${Math.round(served.perSecond)}/s of ${Math.round(idle.served.perSecond)}/s`;
    found.push(`a well-behaved client got ${rates}${refused.length > 0 ? ` (${refused.join(', ')})` : ''}`);
  }
  if (leftBytes > 0) found.push(`requests still hold ${leftBytes} bytes`);
  const wrong = Object.keys(sent?.statuses ?? {}).filter(
    (status) => NEVER.test(status) || (attack.statuses && !attack.statuses.test(status)),
  );
  if (wrong.length > 0) found.push(`answered ${wrong.join(', ')}`);
  return found;
}
