import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counts, LoadOptions } from './load';

/*
 * A separate process, so that the load continues while a test waits for Terraform. Each client sends one request after
 * another until stdin ends. Nothing is retried: a request without an answer in time is a failure.
 */
const { url, model, clients, pauseMs, requestsPerConnection, requests } = JSON.parse(process.argv[2]!) as LoadOptions;
const TIMEOUT_MS = 15_000;
const target = `${url}/v2/models/${model}/infer`;
const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] });
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };

const counts: Counts = { requests: 0, answers: {}, failures: {} };
let isOver = false;
process.stdin.on('end', () => (isOver = true)).resume();

void Promise.all(Array.from({ length: clients }, client)).then(() => {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  process.exit();
});

async function client(): Promise<void> {
  let agent = newAgent();
  for (let asked = 1; !isOver && counts.requests < (requests ?? Infinity); asked++) {
    counts.requests++;
    await ask(agent).then(
      (version) => add(counts.answers, `v${version}`),
      (problem: Error) => add(counts.failures, problem.message),
    );
    if (asked % requestsPerConnection === 0) {
      agent.destroy();
      agent = newAgent();
    }
    await sleep(pauseMs);
  }
}

function newAgent(): Agent {
  return new Agent({ keepAlive: requestsPerConnection > 1, maxSockets: 1 });
}

/** Sends a request, and returns the version of the model that answered. */
async function ask(agent: Agent): Promise<string> {
  const { status, text } = await new Promise<{ status?: number; text: string }>((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = request(target, { method: 'POST', agent, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    sent.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`${error.code ?? error.message} on a ${sent.reusedSocket ? 'kept' : 'new'} connection`)),
    );
    sent.end(body);
  });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return JSON.parse(text).model_version;
}

function add(to: Record<string, number>, key: string): void {
  if (to === counts.answers && Object.keys(to).length === 0) process.stdout.write('answered\n');
  to[key] = (to[key] ?? 0) + 1;
}
