import { setTimeout as sleep } from 'node:timers/promises';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';
import { ScalableModelService, type ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { Namespace } from './kubectl';
import { type Counts, Load, type LoadOptions, summary } from './load';
import { Workspace } from './terraform';

export const MODEL = 'multiplier';
const STACK = 'service';
const NAME = 'service-model';

export function addProviders(scope: TerraformStack): void {
  const address = process.env.E2E_REGISTRY!;
  new DockerProvider(scope, 'docker', { registryAuth: [{ address, authDisabled: true }] });
  new KubernetesProvider(scope, 'kubernetes', { configPath: process.env.KUBECONFIG });
}

/** A ScalableModelService in a namespace of its own; tests change it by successive applies. */
export class DeployedService {
  readonly name = NAME;
  readonly stack = STACK;
  readonly namespace: Namespace;
  readonly workspace = new Workspace();

  constructor(id: string) {
    this.namespace = new Namespace(`e2e-${process.pid}-${id}`);
  }

  synth(props: ScalableModelServiceProps, extend: (service: ScalableModelService) => void = () => {}): void {
    this.workspace.synth((app) => {
      const scope = new TerraformStack(app, STACK);
      addProviders(scope);
      const service = new ScalableModelService(scope, 'model', {
        repository: `${process.env.E2E_REGISTRY}/e2e/${MODEL}`,
        build: { insecureSkipVerify: true },
        namespace: this.namespace.name,
        resources: { cpu: 0.05, cpuLimit: 0.5 },
        serving: { drainSeconds: 5 },
        ...props,
      });
      extend(service);
    });
  }

  apply(props: ScalableModelServiceProps, extend?: (service: ScalableModelService) => void): void {
    this.synth(props, extend);
    this.workspace.apply(STACK);
  }

  /** URL at which this host reaches the Service. */
  get url(): string {
    return `http://${this.namespace.get('service', NAME).spec.clusterIP}`;
  }

  /** Plans the stack, and returns the exit code: 0 for no changes, 2 for changes, 1 for an error. */
  planExitCode(): number | null {
    return this.workspace.planExitCode(STACK);
  }

  /** Runs an action while clients send requests. Logs and returns the numbers of their answers and failures. */
  async underLoad(
    scenario: string,
    happens: () => void | Promise<void>,
    options: Partial<LoadOptions> = {},
  ): Promise<Counts> {
    const load = await this.load(options);
    let counts: Counts;
    try {
      await sleep(1000);
      await happens();
      await sleep(1000);
    } finally {
      counts = await load.stop();
      log(`${scenario}: ${summary(counts)}`);
    }
    return counts;
  }

  load(options: Partial<LoadOptions> = {}): Promise<Load> {
    return Load.start({
      url: this.url,
      model: MODEL,
      clients: 8,
      pauseMs: 20,
      requestsPerConnection: 100,
      ...options,
    });
  }

  dispose(): void {
    try {
      this.workspace.dispose();
    } finally {
      this.namespace.delete();
    }
  }
}

export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
