import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import type { Sizing } from 'cdktf-model-serving/docker';
import { rowAxes } from '../../../inference-image/src/contract/row-axes';
import { SETTING_DEFAULTS } from '../../../inference-image/src/contract/settings';
import { madeUpInputs } from '../../../inference-image/src/profile/trial-inputs';
import { trialRequest } from '../../../inference-image/src/profile/trial-request';
import { requestBytes } from '../../../lib/profile/http-connection';
import { generate } from '../../bench/load/generator';
import { Container } from '../container/container';
import { planOf } from '../container/plan';
import { highestRate } from './highest-rate';
import type { Subject } from './models';
import type { Options } from './options';

const CLI = join(__dirname, '../../../dist/lib/cli/main.js');

/** More wait than fit into any queue that holds a quarter of a second; the server takes no more connections. */
const CONNECTIONS = 1000;

const WARM_UP_SECONDS = 3;

/** Of what is due: the clients' clock, and those that are not answered when the time is over. */
const NEARLY_ALL = 0.98;

/** What a container of the derived size did. */
export interface Trial {
  readonly sizing: Sizing;
  /** The highest rate that it answered. */
  readonly rate: number;
  /** At that rate. */
  readonly p99Ms: number;
  /** Share of the periods of its CPU limit in which it was stopped, at the planned rate, or the highest below. */
  readonly throttled: number;
  readonly wasKilled: boolean;
}

/** Profiles a model, and asks a container of the size that follows. */
export async function attempt(subject: Subject, options: Options): Promise<Trial> {
  const model = profiled(subject, options);
  const plan = planOf(model);
  const container = await Container.start(plan);
  try {
    return await underLoad(container, model, options);
  } finally {
    container.remove();
  }
}

function profiled({ name, file, dimensions }: Subject, { force }: Options): OnnxModel {
  const folder = mkdtempSync(join(tmpdir(), 'sizing-'));
  try {
    const profile = join(folder, `${name}.profile.json`);
    const sizes = Object.entries(dimensions).map(([dimension, size]) => `--dimension=${dimension}=${size}`);
    const args = ['profile', file, '--out', profile, ...sizes, ...(force ? ['--force'] : [])];
    execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    return OnnxModel.fromFile(file, { name, profile, contract: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function underLoad(container: Container, model: OnnxModel, { seconds }: Options): Promise<Trial> {
  const sizing = container.plan.sizing!;
  const { host, httpPort: port } = container;
  const request = requestOf(model);
  const ask = (rate: number, time: number) =>
    generate('openLoop', { host, port, request, rate, seconds: time, maxConnections: CONNECTIONS });
  let [p99Ms, throttled] = [NaN, NaN];
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
      // What it had not answered is not to count with the next rate.
      await container.idle();
    }
    return isHeld;
  });
  return { sizing, rate, p99Ms, throttled, wasKilled: container.wasKilled() || container.start().restarts > 0 };
}

/** The request that the profile was measured with. */
function requestOf({ name, signature, batching, profile }: OnnxModel): Buffer {
  const inputs = madeUpInputs(signature, { axes: rowAxes(batching), sizes: profile!.dimensions }).batch(1);
  const { headers, body } = trialRequest(signature, inputs);
  return requestBytes({ path: `/v2/models/${name}/infer`, headers, body });
}
