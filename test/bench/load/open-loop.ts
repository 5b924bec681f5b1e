import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured } from './closed-loop';
import { HttpConnection, type HttpTarget } from '../../../lib/measuring/http-connection';
import { Samples } from './samples';

export interface OpenLoop extends HttpTarget {
  /** Requests to send per second, whether or not earlier ones were answered. */
  readonly rate: number;
  readonly seconds: number;
  /** Maximum number of concurrent requests; further requests are not sent. */
  readonly maxConnections: number;
}

/** Time to wait for answers after the last request. */
const GRACE_SECONDS = 2;

/**
 * Sends requests on schedule, regardless of answers. Latency is measured from the scheduled time. `offered` is the rate
 * at which requests were actually sent.
 */
export async function openLoop(load: OpenLoop): Promise<Measured> {
  const samples = new Samples();
  const refused: Record<number, number> = {};
  const idle: HttpConnection[] = [];
  const open = new Set<HttpConnection>();
  const start = performance.now();
  let [due, sent, answered] = [0, 0, 0];

  const send = (dueAt: number): void => {
    const connection = idle.pop() ?? (open.size < load.maxConnections ? connect() : undefined);
    if (!connection) return;
    sent++;
    connection.onResponse = (status) => {
      answered++;
      if (status === 200) samples.add(performance.now() - dueAt);
      else refused[status] = (refused[status] ?? 0) + 1;
      idle.push(connection);
    };
    connection.send();
  };
  const connect = (): HttpConnection => {
    const connection = new HttpConnection(load);
    open.add(connection);
    connection.onClose = () => {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    };
    return connection;
  };

  for (;;) {
    const elapsed = (performance.now() - start) / 1000;
    if (elapsed >= load.seconds) break;
    for (; due < elapsed * load.rate; due++) send(start + (due / load.rate) * 1000);
    await sleep(1);
  }
  const seconds = (performance.now() - start) / 1000;
  const inTime = samples.count;
  for (let waited = 0; answered < sent && waited < GRACE_SECONDS * 1000; waited += 10) await sleep(10);
  for (const connection of open) connection.close();
  const [p50Ms, p99Ms] = samples.quantiles(0.5, 0.99) as [number, number];
  return { throughput: inTime / seconds, p50Ms, p99Ms, refused, offered: sent / seconds };
}
