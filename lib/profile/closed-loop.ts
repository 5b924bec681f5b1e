import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import type { TrialRequest } from '../../inference-image/src/contract/trial';

export interface LoadPlan {
  readonly url: string;
  readonly request: TrialRequest;
  /** Connections that each wait for their answer before they ask again. */
  readonly clients: number;
  readonly seconds: number;
  /** Longer, until there are so many answers, but at most ten times as long. */
  readonly leastAnswers: number;
}

export interface Load {
  /** Of each answer. */
  readonly latencies: readonly number[];
  /** From the first request to the last answer. */
  readonly seconds: number;
}

/** The server answered something else than 200. */
export class RefusedRequest extends Error {}

/** Sends requests until the time is over, and waits for all answers. */
export async function closedLoop(plan: LoadPlan): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.clients });
  const latencies: number[] = [];
  const start = performance.now();
  const goesOn = () => {
    const seconds = secondsSince(start);
    return seconds < plan.seconds || (latencies.length < plan.leastAnswers && seconds < 10 * plan.seconds);
  };
  const client = async () => {
    do {
      const sent = performance.now();
      await send(plan, agent);
      latencies.push(secondsSince(sent));
    } while (goesOn());
  };
  try {
    await Promise.all(Array.from({ length: plan.clients }, client));
    return { latencies, seconds: secondsSince(start) };
  } finally {
    agent.destroy();
  }
}

function send({ url, request: { headers, body } }: LoadPlan, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) return resolve();
        reject(new RefusedRequest(`${response.statusCode}, ${Buffer.concat(parts).toString('utf8')}`));
      });
    };
    const length = { 'content-length': body.length };
    httpRequest(url, { method: 'POST', agent, headers: { ...headers, ...length } }, onResponse)
      .on('error', reject)
      .end(body);
  });
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
