import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTING_DEFAULTS } from '../../../inference-image/src/contract/constants';
import { settingVariable } from '../../../inference-image/src/contract/settings';
import { docker } from './docker';
import type { Plan } from './plan';

const READY_SECONDS = 60;
const HOSTS = settingVariable('allowedHosts');

/** Identifies one start of a container. */
export interface Start {
  readonly id: string;
  readonly startedAt: string;
  readonly restarts: number;
}

/** Periods of a CPU limit. */
export interface Periods {
  readonly all: number;
  readonly throttled: number;
}

/** Container on this machine's Docker engine, started as the plan specifies. */
export class Container {
  readonly httpPort = SETTING_DEFAULTS.httpPortNumber;
  readonly grpcPort = SETTING_DEFAULTS.grpcPortNumber;
  readonly metricsPort = SETTING_DEFAULTS.metricsPortNumber;

  private constructor(
    private readonly id: string,
    readonly plan: Plan,
    /**
     * Address of the container itself. The proxy of a published port would accept data that the server should refuse.
     */
    readonly host: string,
    private readonly pid: number,
    /** Folders of the container's cgroups. */
    private readonly cgroup: { readonly memory: string; readonly cpu: string },
  ) {}

  static async start(plan: Plan): Promise<Container> {
    const { image, memoryMiB, cpuQuota, cpuPeriod, env, user, hardening } = plan;
    const cpus = cpuQuota ? [`--cpu-quota=${cpuQuota}`, `--cpu-period=${cpuPeriod}`] : [];
    const limits = [`--memory=${memoryMiB}m`, `--memory-swap=${memoryMiB}m`, ...cpus];
    // The allowed hosts are not set, because callers use the container's own address, which is not one of them.
    const settings = env.filter((each) => !each.startsWith(HOSTS)).map((each) => `--env=${each}`);
    const id = docker(
      'run',
      '--detach',
      '--restart=unless-stopped',
      `--user=${user}`,
      ...limits,
      ...hardening,
      ...settings,
      image,
    );
    const host = docker('inspect', '--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id);
    const pid = Number(docker('inspect', '--format={{.State.Pid}}', id));
    const container = new Container(id, plan, host, pid, {
      memory: cgroupOf(pid, 'memory'),
      cpu: cgroupOf(pid, 'cpu'),
    });
    try {
      await container.ready();
    } catch (error) {
      const log = docker('logs', '--tail=20', id);
      container.remove();
      throw new Error(`${(error as Error).message}:\n${log}`, { cause: error });
    }
    return container;
  }

  start(): Start {
    const [{ State, RestartCount }] = JSON.parse(docker('inspect', this.id));
    return { id: this.id, startedAt: State.StartedAt, restarts: RestartCount };
  }

  /** Whether the kernel has killed the container or one of its processes because it reached the memory limit. */
  wasKilled(): boolean {
    const [{ State }] = JSON.parse(docker('inspect', this.id));
    return State.OOMKilled || this.oomKills() > 0;
  }

  /**
   * Bytes of memory that the kernel cannot reclaim, which excludes the file cache; undefined if the container has
   * stopped.
   */
  memory(): number | undefined {
    const stat = this.cgroupFile('memory.stat');
    if (stat === undefined) return undefined;
    const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    // The names differ between cgroup v2 and v1.
    if (/^anon /m.test(stat)) return value('anon') + value('kernel') + value('sock') + value('shmem');
    return value('total_rss') + Number(this.cgroupFile('memory.kmem.usage_in_bytes') ?? 0);
  }

  /** Number of periods of the CPU limit since the start, and number of periods in which the container was throttled. */
  periods(): Periods {
    const stat = this.cgroupFile('cpu.stat', 'cpu') ?? '';
    const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    return { all: value('nr_periods'), throttled: value('nr_throttled') };
  }

  /** Number of the server's threads. */
  threads(): number {
    try {
      return Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]);
    } catch {
      return 0;
    }
  }

  /** Waits until no request is in flight in the container. */
  async idle(): Promise<void> {
    for (let attempt = 0; attempt < READY_SECONDS * 5; attempt++) {
      const metrics = await (await fetch(`http://${this.host}:${this.metricsPort}/metrics`)).text();
      if (/^inference_in_flight(?:\{[^}]*\})? 0$/m.test(metrics)) return;
      await sleep(200);
    }
    throw new Error(`the container is still working on requests after ${READY_SECONDS} s`);
  }

  /** Last lines of the log. */
  log(): string {
    return docker('logs', '--tail=10', this.id);
  }

  remove(): void {
    docker('rm', '--force', this.id);
  }

  private async ready(): Promise<void> {
    for (let attempt = 0; attempt < READY_SECONDS * 5; attempt++) {
      const url = `http://${this.host}:${this.httpPort}/v2/health/ready`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
      if (answer?.status === 200) return;
      await sleep(200);
    }
    throw new Error(`the container was not ready within ${READY_SECONDS} s`);
  }

  private oomKills(): number {
    const events = this.cgroupFile('memory.events') ?? this.cgroupFile('memory.oom_control') ?? '';
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  }

  /** Content of a file in one of the container's cgroups. */
  private cgroupFile(name: string, controller: 'memory' | 'cpu' = 'memory'): string | undefined {
    const file = join(this.cgroup[controller], name);
    try {
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    } catch {
      // The container may stop at any time.
      return undefined;
    }
  }
}

/** Folder of a process's cgroup: the folder in cgroup v1 if the controller uses v1, otherwise the folder in v2. */
function cgroupOf(pid: number, controller: string): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  const one = groups.find(([, controllers]) => controllers?.split(',').includes(controller));
  if (one) return join('/sys/fs/cgroup', controller, one[2]!);
  return join('/sys/fs/cgroup', groups.find(([, controllers]) => controllers === '')?.[2] ?? '');
}
