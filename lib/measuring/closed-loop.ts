import type { TrialRequest } from '../../inference-image/src/contract/trial';
import { HttpConnection, type HttpTarget, requestBytes } from './http-connection';

export interface LoadPlan {
  readonly port: number;
  readonly path: string;
  readonly request: TrialRequest;
  /** Number of connections. Each waits for its response before it sends the next request. */
  readonly clients: number;
  readonly seconds: number;
  /**
   * Minimum number of responses. The load continues after `seconds` until it has this many, but for at most ten times
   * `seconds`.
   */
  readonly minResponses: number;
}

export interface Load {
  /** Latency of each response, in seconds. */
  readonly latencies: readonly number[];
  /** Time from the first request to the last response, in seconds. */
  readonly seconds: number;
}

/**
 * Error for a status other than 200, or for a missing response. The message completes a sentence that begins with "the
 * server".
 */
export class RefusedRequest extends Error {}

/** Sends requests until the time has elapsed, and waits for all responses. */
export async function closedLoop(plan: LoadPlan): Promise<Load> {
  const target = targetOf(plan);
  const latencies: number[] = [];
  const start = performance.now();
  const connections: HttpConnection[] = [];
  const shouldContinue = () => {
    const seconds = secondsSince(start);
    return seconds < plan.seconds || (latencies.length < plan.minResponses && seconds < 10 * plan.seconds);
  };
  const client = () =>
    new Promise<void>((resolve, reject) => {
      const connection = new HttpConnection(target);
      connections.push(connection);
      let sent = performance.now();
      connection.onClose = () => reject(new RefusedRequest('closed a connection'));
      connection.onResponse = (status) => {
        if (status !== 200) return reject(new RefusedRequest(`answered ${status}`));
        latencies.push(secondsSince(sent));
        if (!shouldContinue()) return resolve();
        sent = performance.now();
        connection.send();
      };
      connection.send();
    });
  try {
    await Promise.all(Array.from({ length: plan.clients }, client));
    return { latencies, seconds: secondsSince(start) };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** Sends one request. @throws RefusedRequest with the whole response if its status is not 200 */
export async function sendOnce({ port, path, request }: Pick<LoadPlan, 'port' | 'path' | 'request'>): Promise<void> {
  const init = { method: 'POST', headers: request.headers, body: Buffer.from(request.body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const body = await response.text();
  if (response.status !== 200) throw new RefusedRequest(`answered ${response.status}, ${body}`);
}

function targetOf({ port, path, request: { headers, body } }: LoadPlan): HttpTarget {
  return { host: '127.0.0.1', port, request: requestBytes({ path, headers, body }) };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
