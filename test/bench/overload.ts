import type { Measured } from './load/closed-loop';
import { generate } from './load/generator';
import type { Effort, Report } from './report';
import { servingModel } from './serving-models';
import { requestBytes } from '../../lib/measuring/http-connection';
import { ours } from './subjects/node-subjects';
import { RunningSubject } from './subjects/subject';
import { median } from '../../lib/base/quantile';
import { atLeast, atMost, compare, count, latency, milliseconds, perSecond, table } from './table';

const CLIENTS = 64;
const TIMES = 10;
const MAX_CONNECTIONS = 512;

/** Offers the image model ten times its maximum rate, and measures throughput and latency. */
export async function overload({ rounds, seconds, warmUpSeconds }: Effort): Promise<Report> {
  const subject = await RunningSubject.start(ours, servingModel('image'));
  const report: Report & { figures: string[] } = { rows: [], figures: [] };
  const lines: string[][] = [];
  for (const protocol of subject.protocols) {
    const target = { host: '127.0.0.1', port: subject.port, request: requestBytes(subject.exchanges[protocol]!) };
    const saturate = (duration: number) =>
      generate('closedLoop', { ...target, connections: CLIENTS, seconds: duration });
    await saturate(warmUpSeconds);
    const samples: { maximum: Measured; over: Measured }[] = [];
    for (let round = 0; round < rounds; round++) {
      const maximum = await saturate(seconds);
      const rate = TIMES * maximum.throughput;
      const over = await generate('openLoop', {
        ...target,
        rate,
        seconds: 2 * seconds,
        maxConnections: MAX_CONNECTIONS,
      });
      samples.push({ maximum, over });
    }
    const of = (pick: (sample: (typeof samples)[number]) => number) => median(samples.map(pick));
    const [most, goodput] = [of(({ maximum }) => maximum.throughput), of(({ over }) => over.throughput)];
    const [saturated, accepted] = [of(({ maximum }) => maximum.p99Ms), of(({ over }) => over.p99Ms)];
    const what = `image model, ${protocol}, at ${TIMES} times its maximum rate`;
    report.rows.push(
      compare(`goodput, ${what}, against the maximum`, goodput, most, perSecond, atLeast(0.9)),
      compare(
        `p99 of accepted requests, ${what}, against p99 at saturation`,
        accepted,
        saturated,
        milliseconds,
        atMost(3),
      ),
    );
    const statuses = samples.at(-1)!.over.refused;
    lines.push([
      protocol,
      count(most),
      latency(saturated),
      count(of(({ over }) => over.offered!)),
      count(goodput),
      latency(accepted),
      Object.entries(statuses)
        .map(([status, times]) => `${count(times)} x ${status}`)
        .join(', '),
    ]);
  }
  await subject.stop();
  const head = ['', `${CLIENTS} clients: req/s`, 'p99 ms', 'offered/s', 'accepted/s', 'p99 ms', 'refused, last round'];
  report.figures.push(`### Overload, image model\n\n${table(head, lines)}`);
  return report;
}
