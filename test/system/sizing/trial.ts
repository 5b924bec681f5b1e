import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import type { Sizing } from 'cdktf-model-serving/docker';
import { ROOT } from '../../support/root';
import { elementCount, type Datatype } from '../../../inference-image/src/contract/signature';
import { rowAxes } from '../../../inference-image/src/contract/batching-verdict';
import { SETTING_DEFAULTS } from '../../../inference-image/src/contract/constants';
import { exampleInputs, madeUpInputs, trialRequest } from '../../../inference-image/src/tools/trial-inputs';
import { emptyData, type Tensor } from '../../../inference-image/src/tensor/tensor';
import { requestBytes } from '../../../lib/measuring/http-connection';
import { generate } from '../../bench/load/generator';
import { Container } from '../../support/container/container';
import { planOf } from '../../support/container/plan';
import { highestRate } from './highest-rate';
import { requestBody } from '../zoo/exchange';
import type { CaseTensor } from '../zoo/prepared-model';
import type { Subject } from './models';
import type { Options } from './options';

const CLI = join(ROOT, 'dist/lib/cli/main.js');

/**
 * Maximum number of connections, slightly below the server's default maximum of 1024. It exceeds the number of requests
 * that a queue of a quarter of a second holds.
 */
const CONNECTIONS = 1000;

const WARM_UP_SECONDS = 3;

/**
 * Fraction of a rate that counts as the full rate. It allows for inexact clocks of the clients, and for requests that
 * are still unanswered at the end.
 */
const NEARLY_ALL = 0.98;

/** Result of testing a container of the derived size. */
export interface Trial {
  readonly sizing: Sizing;
  /** Highest rate without refusals. */
  readonly rate: number;
  /** p99 at that rate. */
  readonly p99Ms?: number;
  /**
   * Share of the periods of the CPU limit in which the container was throttled. Measured at the planned rate or, if the
   * container did not sustain that rate, at the highest lower rate that it sustained; undefined if there is none.
   */
  readonly throttled?: number;
  readonly wasKilled: boolean;
}

/** Profiles a model, and measures a container of the derived size. */
export async function attempt(subject: Subject, options: Options): Promise<Trial> {
  const model = profiled(subject, options);
  const plan = planOf(model);
  const container = await Container.start(plan);
  try {
    return await underLoad(container, await requestOf(container, model, subject), options);
  } finally {
    container.remove();
  }
}

/**
 * Profiles a model as a user would: records the request as a golden example, which determines the sizes in the profile.
 */
function profiled({ name, file, request }: Subject, { force }: Options): OnnxModel {
  const folder = mkdtempSync(join(tmpdir(), 'sizing-'));
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const [profile, golden, inputs] = ['profile', 'golden', 'request'].map((kind) => join(folder, `${kind}.json`));
    if (request) {
      writeFileSync(inputs!, requestBody(request, 'JSON').body);
      run('golden', 'record', file, '--inputs', inputs!, '--out', golden!);
    }
    const options = [...(request ? ['--golden', golden!] : []), ...(force ? ['--force'] : [])];
    run('profile', file, '--out', profile!, ...options);
    return OnnxModel.fromFile(file, { name, profile, interface: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function underLoad(container: Container, request: Buffer, { seconds }: Options): Promise<Trial> {
  const sizing = container.plan.sizing!;
  const { host, httpPort: port } = container;
  const ask = (rate: number, time: number) =>
    generate('openLoop', { host, port, request, rate, seconds: time, maxConnections: CONNECTIONS });
  let [p99Ms, throttled]: (number | undefined)[] = [];
  await ask(sizing.requestsPerSecond / 2, WARM_UP_SECONDS);
  const rate = await highestRate(sizing.requestsPerSecond, async (tried) => {
    const before = container.periods();
    const measured = await ask(tried, seconds);
    const after = container.periods();
    const nearlyAll = NEARLY_ALL * tried;
    const isHeld =
      Object.keys(measured.refused).length === 0 &&
      measured.offered! >= nearlyAll &&
      measured.throughput >= nearlyAll &&
      measured.p99Ms <= 1000 * SETTING_DEFAULTS.queueTimeoutSeconds;
    if (isHeld) {
      ({ p99Ms } = measured);
      const isPlanned = tried <= sizing.requestsPerSecond;
      if (isPlanned) throttled = (after.throttled - before.throttled) / Math.max(1, after.all - before.all);
    } else {
      // Unanswered requests must not count toward the next rate.
      await container.idle();
    }
    return isHeld;
  });
  return { sizing, rate, p99Ms, throttled, wasKilled: container.wasKilled() || container.start().restarts > 0 };
}

/**
 * Request of one row as it was used to measure the profile: a generated request, or a real one if the model refuses
 * generated requests.
 */
async function requestOf(
  { host, httpPort }: Container,
  { name, signature, batching, profile }: OnnxModel,
  { request = [] }: Subject,
): Promise<Buffer> {
  const path = `/v2/models/${name}/infer`;
  const axes = rowAxes(batching);
  const madeUp = madeUpInputs(signature, { axes, sizes: profile!.dimensions });
  const real = exampleInputs(signature, axes, request.map(tensorOf));
  for (const inputs of [madeUp, real]) {
    const { headers, body } = trialRequest(signature, inputs.batch(1));
    const init = { method: 'POST', headers, body: Buffer.from(body) };
    const { status } = await fetch(`http://${host}:${httpPort}${path}`, init);
    if (status === 200) return requestBytes({ path, headers, body });
  }
  throw new Error('the container does not answer requests of one row');
}

function tensorOf({ name, datatype, shape, bytes, texts }: CaseTensor): Tensor {
  const header = { name, datatype: datatype as Datatype, shape };
  if (texts) return { ...header, data: texts };
  const data = emptyData(header.datatype, elementCount(shape)) as Exclude<Tensor['data'], string[]>;
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
  return { ...header, data };
}
