import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTING_DEFAULTS, settingVariable } from '../../../inference-image/src/contract/settings';
import { docker } from '../../bench/docker';
import type { Plan } from './plan';

const READY_SECONDS = 60;
const HOSTS = settingVariable('allowedHosts');

/** What tells one start of a container from another. */
export interface Start {
  readonly id: string;
  readonly startedAt: string;
  readonly restarts: number;
}

/** Of a CPU limit. */
export interface Periods {
  readonly all: number;
  readonly throttled: number;
}

/** A container on this machine's Docker engine, run as the plan says. */
export class Container {
  readonly httpPort = SETTING_DEFAULTS.httpPortNumber;
  readonly grpcPort = SETTING_DEFAULTS.grpcPortNumber;
  readonly metricsPort = SETTING_DEFAULTS.metricsPortNumber;

  private constructor(
    private readonly id: string,
    readonly plan: Plan,
    /** Its own address: a published port has a proxy in between, which would take what the server should refuse. */
    readonly host: string,
    private readonly pid: number,
    /** Folders of its cgroups. */
    private readonly cgroup: { readonly memory: string; readonly cpu: string },
  ) {}

  static async start(plan: Plan): Promise<Container> {
    const { image, memoryMiB, cpuQuota, cpuPeriod, env, user, hardening } = plan;
    const cpus = cpuQuota ? [`--cpu-quota=${cpuQuota}`, `--cpu-period=${cpuPeriod}`] : [];
    const limits = [`--memory=${memoryMiB}m`, `--memory-swap=${memoryMiB}m`, ...cpus];
    // Callers here use the container's own address, and would be refused by that alone.
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

  /** Whether the kernel has killed it, or one of its processes, for memory. */
  wasKilled(): boolean {
    const [{ State }] = JSON.parse(docker('inspect', this.id));
    return State.OOMKilled || this.oomKills() > 0;
  }

  /** Memory in bytes that the kernel could not take back: without the cache of files. Undefined where it has ended. */
  memory(): number | undefined {
    const stat = this.cgroupFile('memory.stat');
    if (stat === undefined) return undefined;
    const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    // Of cgroup v2 and of v1.
    if (/^anon /m.test(stat)) return value('anon') + value('kernel') + value('sock') + value('shmem');
    return value('total_rss') + Number(this.cgroupFile('memory.kmem.usage_in_bytes') ?? 0);
  }

  /** Periods of its CPU limit in which it ran, and those of them in which the limit stopped it, since its start. */
  periods(): Periods {
    const stat = this.cgroupFile('cpu.stat', 'cpu') ?? '';
    const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    return { all: value('nr_periods'), throttled: value('nr_throttled') };
  }

  /** Threads of the server. */
  threads(): number {
    try {
      return Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]);
    } catch {
      return 0;
    }
  }

  /** Waits until it works on nothing. */
  async idle(): Promise<void> {
    for (let attempt = 0; attempt < READY_SECONDS * 5; attempt++) {
      const metrics = await (await fetch(`http://${this.host}:${this.metricsPort}/metrics`)).text();
      if (/^inference_in_flight(?:\{[^}]*\})? 0$/m.test(metrics)) return;
      await sleep(200);
    }
    throw new Error(`the container still works on requests after ${READY_SECONDS} s`);
  }

  /** The last lines that it has said. */
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

  /** A file of one of the container's cgroups. */
  private cgroupFile(name: string, controller: 'memory' | 'cpu' = 'memory'): string | undefined {
    const file = join(this.cgroup[controller], name);
    try {
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    } catch {
      // The container may end at any time.
      return undefined;
    }
  }
}

/** The folder of a process's cgroup, of version 1 if the controller is one of that, or else 2. */
function cgroupOf(pid: number, controller: string): string {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  const one = groups.find(([, controllers]) => controllers?.split(',').includes(controller));
  if (one) return join('/sys/fs/cgroup', controller, one[2]!);
  return join('/sys/fs/cgroup', groups.find(([, controllers]) => controllers === '')?.[2] ?? '');
}
