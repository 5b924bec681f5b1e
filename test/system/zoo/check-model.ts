import type { CommandLine } from './cli';
import { difference } from './comparison';
import { answeredTensors, PROTOCOLS, requestBody, type Body } from './exchange';
import type { Case, PreparedModel } from './prepared-model';
import type { Server } from './server';

const CLIENTS = 8;
/** Approximate duration of the load. The limits on the number of requests per client, below, take precedence. */
const LOAD_SECONDS = 2;
const ROUNDS = 10;
const [FEWEST_TURNS, MOST_TURNS] = [3, 8];

/** Result of a model. */
export interface Result {
  readonly model: PreparedModel;
  /** `batching` row in the output of `inspect`. */
  readonly batching?: string;
  /** Reason why synth refuses the model; a refusal does not count as a failure. */
  readonly refusal?: string;
  /** Whether requests shared runs under load. */
  readonly shares: boolean;
  readonly answers: number;
  /** Differences from the correct answers, and all other faults. */
  readonly problems: readonly string[];
  /** Reason why requests do not share runs, from the server's log. */
  readonly notSharing?: string;
}

interface Exchange {
  readonly request: Body;
  readonly expected: Case['outputs'];
}

/** Inspects and serves a model. Compares every answer with the correct one, for single requests and under load. */
export async function checkModel(model: PreparedModel, cli: CommandLine): Promise<Result> {
  const { batching, refusal } = await cli.inspect(model.path);
  const base = { model, batching, refusal, shares: false, answers: 0, problems: [] };
  if (refusal) return base;
  let server: Server;
  try {
    server = await cli.serve(model.path);
  } catch (error) {
    return { ...base, problems: [`not ready: ${(error as Error).message}`] };
  }
  try {
    return { ...base, notSharing: server.notSharing, ...(await ask(server, model.cases)) };
  } catch (error) {
    return { ...base, problems: [`the server has exited: ${(error as Error).message}`] };
  } finally {
    await server.stop();
  }
}

async function ask(server: Server, cases: readonly Case[]): Promise<Pick<Result, 'shares' | 'answers' | 'problems'>> {
  // FP16 has no JSON form, so such models are tested only with binary data.
  const isHalf = cases.some(({ inputs, outputs }) =>
    [...inputs, ...outputs].some(({ datatype }) => datatype === 'FP16'),
  );
  const exchanges = (isHalf ? (['binary'] as const) : PROTOCOLS).flatMap((protocol) =>
    cases.map(({ inputs, outputs }) => ({ request: requestBody(inputs, protocol), expected: outputs })),
  );
  const problems: string[] = [];
  const start = performance.now();
  for (const exchange of exchanges) problems.push(...(await answer(server, exchange, 'alone')));
  const seconds = (performance.now() - start) / 1000 / exchanges.length;
  const wanted = Math.round(LOAD_SECONDS / (seconds * CLIENTS));
  const turns = Math.min(Math.max(wanted, FEWEST_TURNS), MOST_TURNS);

  const client = async (number: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) {
      const exchange = exchanges[(number + turn * (CLIENTS + 1)) % exchanges.length]!;
      problems.push(...(await answer(server, exchange, 'under load')));
    }
  };
  let answers = exchanges.length;
  let shares = false;
  // Repeats the load, because a run of microseconds often ends before the next request arrives.
  for (let round = 0; round < ROUNDS && !shares && (round === 0 || server.notSharing === undefined); round++) {
    const before = await server.counts();
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    const after = await server.counts();
    shares = after.runs - before.runs < after.requests - before.requests;
    answers += CLIENTS * turns;
  }
  return { shares, answers, problems };
}

async function answer(server: Server, { request, expected }: Exchange, when: string): Promise<string[]> {
  const { status, headers, body } = await server.infer(request);
  if (status !== 200) return [`${when}: ${status} ${body.toString().slice(0, 200)}`];
  const problem = difference(expected, answeredTensors(headers, body));
  return problem ? [`${when}: ${problem}`] : [];
}
