import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { App, TerraformStack } from 'cdktf';
import type { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ServingOptions, type Sizing } from 'cdktf-model-serving/docker';
import { requestNeeds } from '../../../lib/sizing/request-needs';
import { buildImage } from './docker';

/** Container as `terraform apply` would run it. */
export interface Plan {
  readonly image: string;
  readonly model: string;
  readonly memoryMiB: number;
  /** Microseconds of CPU per period; undefined if the container may use all CPUs of the host. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  readonly env: readonly string[];
  readonly user: string;
  /** Arguments of `docker run` that harden the container. */
  readonly hardening: readonly string[];
  readonly maxRequestBytes: number;
  /** Sizing; set only if the model has a profile. */
  readonly sizing?: Sizing;
}

/** Synthesizes a stack, builds its image, and reads the container from the synthesized stack. */
export function planOf(model: OnnxModel, serving: ServingOptions = {}): Plan {
  const outdir = mkdtempSync(join(tmpdir(), 'container-plan-'));
  try {
    const app = new App({ outdir });
    const stack = new TerraformStack(app, 'container');
    new DockerProvider(stack, 'docker');
    const { sizing } = new ContainerizedModel(stack, model.name, { model, serving });
    app.synth();
    const folder = join(outdir, 'stacks', 'container');
    const { resource } = JSON.parse(readFileSync(join(folder, 'cdk.tf.json'), 'utf8'));
    const [image] = Object.values<any>(resource.docker_image);
    const [container] = Object.values<any>(resource.docker_container);
    return {
      image: buildImage(resolve(folder, image.build.context)),
      model: model.name,
      memoryMiB: container.memory,
      cpuQuota: container.cpu_quota,
      cpuPeriod: container.cpu_period,
      env: container.env,
      user: container.user,
      hardening: [
        ...(container.read_only ? ['--read-only'] : []),
        ...container.capabilities.drop.map((capability: string) => `--cap-drop=${capability}`),
        ...container.security_opts.map((option: string) => `--security-opt=${option}`),
      ],
      maxRequestBytes: requestNeeds(model, { ...sizing, ...serving }).maxRequestBytes,
      sizing,
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
