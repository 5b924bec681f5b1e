import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Sent, Target } from './attack';
import { memoryInUse } from './budget-gauge';
import type { Container, Start } from '../../support/container/container';
import { REQUESTS } from './models';
import type { AttackQuestion } from './processes/attacker';
import { Child } from './processes/child';
import type { ClientQuestion, Served } from './processes/client';
import type { Probed, ProbeQuestion } from './processes/prober';

/** Results of health probes and of well-behaved clients during a period. */
export interface Beside {
  readonly probed: Probed;
  readonly served: Served;
}

/** Result of one attack. */
export interface Trial {
  readonly sent?: Sent;
  /** Reason why the attack has no result. */
  readonly ended?: string;
  readonly idle: Beside;
  readonly attacked: Beside;
  /** Maximum memory during the attack, in bytes; undefined if it cannot be read. */
  readonly memory?: number;
  /** Maximum number of threads during the attack. */
  readonly threads?: number;
  /** Bytes that requests still hold after the attack; undefined if the metrics cannot be read. */
  readonly leftBytes?: number;
  readonly before?: Start;
  readonly after?: Start;
  readonly wasKilled: boolean;
  readonly isAlive: boolean;
}

const IDLE_SECONDS = 1.5;
/** Time to wait after an attack for its last requests to end. */
const AFTER_SECONDS = 1;
const ATTACK_SECONDS = 40;
const ALIVE_SECONDS = 20;
/** Time after the attack within which the budget must be empty. */
const EMPTY_SECONDS = 5;
const SAMPLE_MS = 100;

/** Processes that observe the server during attacks, as probes and as well-behaved clients. */
export class Witnesses {
  private constructor(
    private readonly prober: Child<ProbeQuestion, Probed>,
    private readonly client: Child<ClientQuestion, Served>,
  ) {}

  static async start(): Promise<Witnesses> {
    return new Witnesses(await Child.start('prober'), await Child.start('client'));
  }

  /** Observations since the previous call. */
  async look(target: Target, attack: Attack): Promise<Beside> {
    const { host, httpPort: port, model } = target;
    const body = REQUESTS[attack.model ?? 'digits'];
    const [probed, served] = await Promise.all([
      this.prober.ask({ host, port }, ATTACK_SECONDS),
      this.client.ask({ host, port, path: `/v2/models/${model}/infer`, body }, ATTACK_SECONDS),
    ]);
    return { probed, served };
  }

  stop(): void {
    this.prober.stop();
    this.client.stop();
  }
}

/**
 * Runs one attack after a period without attacks.
 *
 * @param container Container of the server; undefined if the server is not in one of this test's containers
 */
export async function attempt(
  attack: Attack,
  target: Target,
  witnesses: Witnesses,
  container?: Container,
): Promise<Trial> {
  const attacker = await Child.start<AttackQuestion, Sent>('attacker');
  const before = container?.start();
  await witnesses.look(target, attack);
  await sleep(IDLE_SECONDS * 1000);
  const idle = await witnesses.look(target, attack);
  const most = { memory: 0, threads: 0 };
  const sampler = setInterval(() => {
    most.memory = Math.max(most.memory, container?.memory() ?? 0);
    most.threads = Math.max(most.threads, container?.threads() ?? 0);
  }, SAMPLE_MS);
  let sent: Sent | undefined;
  let ended: string | undefined;
  try {
    sent = await attacker.ask({ name: attack.name, target }, ATTACK_SECONDS);
  } catch (error) {
    ended = (error as Error).message;
  }
  await sleep(AFTER_SECONDS * 1000);
  const attacked = await witnesses.look(target, attack);
  clearInterval(sampler);
  attacker.stop();
  const isAlive = await lives(target);
  return {
    sent,
    ended,
    idle,
    attacked,
    ...(container && most),
    leftBytes: isAlive ? await leftInUse(target) : undefined,
    before,
    after: container?.start(),
    wasKilled: container?.wasKilled() ?? false,
    isAlive,
  };
}

async function lives({ host, httpPort }: Target): Promise<boolean> {
  const end = performance.now() + ALIVE_SECONDS * 1000;
  while (performance.now() < end) {
    const url = `http://${host}:${httpPort}/v2/health/live`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (answer?.status === 200) return true;
    await sleep(200);
  }
  return false;
}

/**
 * Bytes that requests still hold after the attack. Because well-behaved clients continue, returns the minimum of
 * several readings.
 */
async function leftInUse(target: Target): Promise<number | undefined> {
  let least: number | undefined;
  const end = performance.now() + EMPTY_SECONDS * 1000;
  do {
    const bytes = await memoryInUse(target);
    if (bytes === undefined) return undefined;
    least = Math.min(least ?? bytes, bytes);
    await sleep(20);
  } while (least > 0 && performance.now() < end);
  return least;
}
