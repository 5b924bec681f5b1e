import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../support/root';
import { OnnxModel } from '../../lib';
import { ContainerizedModel } from '../../lib/docker';
import { DEFAULT_HEADROOM } from '../../lib/sizing/headroom';
import type { Sizing } from '../../lib/sizing/sizing';
import { only, synthStack } from '../support/synth';
import { buildImage, docker, whyNoEngine } from '../support/container/docker';
import { generate } from './load/generator';
import { staged } from './models';
import type { Report } from './report';
import { servingModel, type ServingModel } from './serving-models';
import { requestBytes } from '../../lib/measuring/http-connection';
import { v2Json } from './subjects/exchange';
import { atLeast, compare, count, latency, notRun, perSecond, table } from './table';

const CLI = join(ROOT, 'dist/lib/cli/main.js');
const WARM_UP_SECONDS = 2;
const SECONDS = 30;
const MAX_CONNECTIONS = 256;
const TARGET = atLeast(0.99);

/**
 * Profiles models, and measures whether containers with the limits derived from the profiles sustain the derived rate.
 */
export async function capacity(): Promise<Report> {
  const reason = whyNoEngine();
  if (reason) return { rows: [notRun('the rate that a profile promises', reason, TARGET)] };
  const rows: Report['rows'] = [];
  const lines: string[][] = [];
  for (const name of ['tiny', 'mlp', 'image'] as const) {
    const model = servingModel(name);
    execFileSync(process.execPath, [CLI, 'profile', model.file, '--force'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const plan = planned(model);
    const held = plan.sizing.requestsPerSecond / (1 + DEFAULT_HEADROOM);
    const { throughput, p50Ms, p99Ms, refused } = await underLoad(plan.container, model, held);
    rows.push(
      compare(
        `${name} model, container of the derived size: answered requests, against the rate that it should sustain with ${100 * DEFAULT_HEADROOM} % headroom`,
        throughput,
        held,
        perSecond,
        TARGET,
      ),
    );
    const statuses = Object.entries(refused).map(([status, times]) => `${count(times)} x ${status}`);
    lines.push([
      name,
      ...sizeCells(plan.sizing),
      count(held),
      count(throughput),
      latency(p50Ms),
      latency(p99Ms),
      statuses.join(', ') || 'none',
    ]);
  }
  const head = [
    'model',
    'threads',
    'batch',
    'CPUs',
    'MiB',
    'queue',
    'rate/s',
    'sent/s',
    'answered/s',
    'p50 ms',
    'p99 ms',
    'refused',
  ];
  return { rows, figures: [`### Containers of the sizes derived from profiles\n\n${table(head, lines)}`] };
}

/** Plans a container for the model, and returns its sizing and its resource as Terraform would get it. */
function planned({ file }: ServingModel): { sizing: Sizing; container: any } {
  let sizing: Sizing | undefined;
  const synthesized = synthStack((stack) => {
    ({ sizing } = new ContainerizedModel(stack, 'model', { model: OnnxModel.fromFile(file) }));
  });
  return { sizing: sizing!, container: only(synthesized, 'docker_container') };
}

async function underLoad(container: any, model: ServingModel, rate: number) {
  const { cpu_quota: quota, cpu_period: period, memory, env } = container;
  const id = docker(
    'run',
    '--detach',
    '--read-only',
    '--user=65532:65532',
    `--cpu-quota=${quota}`,
    `--cpu-period=${period}`,
    `--memory=${memory}m`,
    `--memory-swap=${memory}m`,
    ...env.map((variable: string) => `--env=${variable}`),
    buildImage(staged(model.file)),
  );
  try {
    const host = docker('inspect', '--format={{.NetworkSettings.IPAddress}}', id);
    await ready(host);
    const request = requestBytes(v2Json(model.name, model));
    const load = { host, port: 8080, request, rate, maxConnections: MAX_CONNECTIONS };
    await generate('openLoop', { ...load, seconds: WARM_UP_SECONDS });
    return await generate('openLoop', { ...load, seconds: SECONDS });
  } finally {
    docker('rm', '--force', id);
  }
}

async function ready(host: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const reply = await fetch(`http://${host}:8080/v2/health/ready`).catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(100);
  }
  throw new Error('the container did not become ready');
}

function sizeCells({
  threadsPerExecutor,
  maxBatchSize = 1,
  cpus,
  memoryMiB,
  maxQueueLength,
  requestsPerSecond,
}: Sizing) {
  return [threadsPerExecutor, maxBatchSize, cpus, memoryMiB, maxQueueLength, count(requestsPerSecond)].map(String);
}
