/**
 * Process with well-behaved clients, each of which repeatedly sends an inference request, reads the answer and pauses.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child';

export interface ClientQuestion {
  /** Address of the server. Requests continue until the next question arrives. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly body: string;
}

/** Results since the previous question. */
export interface Served {
  /** Correct answers per second. */
  readonly perSecond: number;
  /** Number of answers with status 200 that differ from the answer to the first request. */
  readonly wrong: number;
  /** Number of refusals and failures for each reason. */
  readonly refused: Readonly<Record<string, number>>;
}

const CLIENTS = 4;
const THINK_MS = 20;
const PATIENCE_MS = 10_000;

let where: ClientQuestion | undefined;
let expected: string | undefined;
let since = performance.now();
let right = 0;
let wrong = 0;
let refused: Record<string, number> = {};

interface Reply {
  readonly status?: number;
  readonly text: string;
}

function ask({ host, port, path, body }: ClientQuestion, agent: Agent): Promise<Reply> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ host, port, path, method: 'POST', headers, agent, timeout: PATIENCE_MS }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part) => (text += part));
      reply.on('end', () => resolve({ status: reply.statusCode, text }));
      reply.on('error', () => resolve({ text: 'an incomplete answer' }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve({ text: error.code ?? error.message }));
    sent.end(body);
  });
}

async function client(): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    await sleep(THINK_MS);
    const asked = where;
    if (!asked) continue;
    const { status, text } = await ask(asked, agent);
    if (asked !== where) continue;
    if (status !== 200) refused[status ?? text] = (refused[status ?? text] ?? 0) + 1;
    else if ((expected ??= text) === text) right++;
    else wrong++;
  }
}

answer<ClientQuestion, Served>((question) => {
  const measured = { perSecond: right / ((performance.now() - since) / 1000), wrong, refused };
  if (question.host !== where?.host || question.path !== where.path) expected = undefined;
  where = { ...question };
  since = performance.now();
  right = wrong = 0;
  refused = {};
  return measured;
});
for (let i = 0; i < CLIENTS; i++) void client();
