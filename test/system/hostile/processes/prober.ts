/** Process that repeatedly requests health on a persistent connection and, as a kubelet does, on new connections. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../../lib/base/quantile';
import { answer } from './child';

export interface ProbeQuestion {
  /** Address of the server. Probes continue until the next question arrives. */
  readonly host: string;
  readonly port: number;
}

/** Results since the previous question. */
export interface Probed {
  readonly probes: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Number of failures by reason. */
  readonly failures: Readonly<Record<string, number>>;
}

const PAUSE_MS = 20;
const PATIENCE_MS = 10_000;

let where: ProbeQuestion | undefined;
/** Time at which the probe in progress started; undefined if there is none. */
let since: number | undefined;
let times: number[] = [];
let failures: Record<string, number> = {};

function probe({ host, port }: ProbeQuestion, agent: Agent | false): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request({ host, port, path: '/v2/health/live', agent, timeout: PATIENCE_MS }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode === 200 ? undefined : `status ${reply.statusCode}`));
      reply.on('error', () => resolve('an incomplete answer'));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}

async function go(): Promise<void> {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = 0; ; turn++) {
    await sleep(PAUSE_MS);
    const asked = where;
    if (!asked) continue;
    const isNew = turn % 4 === 0;
    const start = (since = performance.now());
    const failure = await probe(asked, isNew ? false : kept);
    since = undefined;
    if (asked !== where) continue;
    times.push(performance.now() - start);
    if (failure) {
      const what = `${failure} on a ${isNew ? 'new' : 'kept'} connection`;
      failures[what] = (failures[what] ?? 0) + 1;
    }
  }
}

answer<ProbeQuestion, Probed>((question) => {
  // A probe without an answer yet counts with the time that it has waited so far.
  const underWay = since === undefined ? [] : [performance.now() - since];
  const all = [...times, ...underWay];
  const p99Ms = all.length > 0 ? quantile(all, 0.99) : 0;
  const measured = { probes: all.length, p99Ms, maxMs: Math.max(0, ...all), failures };
  where = { ...question };
  times = [];
  failures = {};
  return measured;
});
void go();
