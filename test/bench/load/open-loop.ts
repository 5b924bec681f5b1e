import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured } from './closed-loop';
import { HttpConnection, type HttpTarget } from '../../../lib/profile/http-connection';
import { Samples } from './samples';

export interface OpenLoop extends HttpTarget {
  /** Requests a second, whether or not the earlier ones are answered. */
  readonly rate: number;
  readonly seconds: number;
  /** More requests than these are not under way at once; one that is due then is not offered. */
  readonly maxConnections: number;
}

/** Answers that come later than this after the last request do not count. */
const GRACE_SECONDS = 2;

/**
 * Clients that come when they come. A latency counts from when its request was due.
 * `offered` says how much of the rate could be sent.
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
