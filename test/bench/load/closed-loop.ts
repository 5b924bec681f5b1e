import { HttpConnection, type HttpTarget } from '../../../lib/measuring/http-connection';
import { Samples } from './samples';

export interface ClosedLoop extends HttpTarget {
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  /** Requests per second answered with 200. */
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Number of answers for each status other than 200. */
  readonly refused: Record<number, number>;
  /** Requests sent per second; set only if the clients do not wait for answers. */
  readonly offered?: number;
}

/** Runs clients that each wait for an answer before they send the next request. */
export async function closedLoop(load: ClosedLoop): Promise<Measured> {
  const samples = new Samples();
  const refused: Record<number, number> = {};
  const start = performance.now();
  const end = start + load.seconds * 1000;
  const clients = Array.from({ length: load.connections }, () => client(load, end, samples, refused));
  await Promise.all(clients);
  const seconds = (performance.now() - start) / 1000;
  const [p50Ms, p99Ms] = samples.quantiles(0.5, 0.99) as [number, number];
  return { throughput: samples.count / seconds, p50Ms, p99Ms, refused };
}

function client(load: ClosedLoop, end: number, samples: Samples, refused: Record<number, number>): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = new HttpConnection(load);
    let sent = performance.now();
    connection.onClose = () => reject(new Error('the server closed a connection'));
    connection.onResponse = (status) => {
      const now = performance.now();
      if (status === 200) samples.add(now - sent);
      else refused[status] = (refused[status] ?? 0) + 1;
      if (now >= end) {
        connection.close();
        resolve();
        return;
      }
      sent = now;
      connection.send();
    };
    connection.send();
  });
}
