import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { staged, tinyModel } from './models';
import { startNode, startServer } from './processes';
import { atMost, ratioRow, type Row } from './table';

const ROUNDS = 24;
const REQUESTS = 500;
/**
 * Rounds at the start that are not counted, because V8 still optimizes code during the first several thousand requests.
 */
const WARM_UP_ROUNDS = 8;
const BODY = JSON.stringify({
  inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 4], data: [0.1, 0.2, 0.3, 0.4] }],
});

/** Measures the latency of one client that sends its requests one after another on one connection. */
export async function latencyRows(): Promise<Row[]> {
  const file = tinyModel();
  const bare = await startNode([join(__dirname, 'bare-server.cjs'), file]);
  const ours = await startServer(staged(file));
  const samples = { bare: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const warm = round >= WARM_UP_ROUNDS;
    for (const [name, server] of Object.entries({ bare, ours }) as ['bare' | 'ours', typeof bare][]) {
      const latencies = await ask(`${server.url}/v2/models/tiny/infer`);
      if (warm) samples[name].push(...latencies);
    }
  }
  await Promise.all([bare.stop(), ours.stop()]);
  return [
    ratioRow('one client, tiny model, JSON: p50, against bare node:http', samples.ours, samples.bare, atMost(1.15)),
  ];
}

async function ask(url: string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const start = performance.now();
    await post(url, agent);
    latencies.push(performance.now() - start);
  }
  agent.destroy();
  return latencies;
}

function post(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.on('end', resolve);
    });
    call.on('error', reject);
    call.end(BODY);
  });
}
