import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Reason why no cluster can be used here; undefined if one can. */
export function whyNotCluster(): string | undefined {
  for (const variable of ['KUBECONFIG', 'E2E_REGISTRY']) {
    if (!process.env[variable]) return `${variable} is not set`;
  }
  const { error, status, stderr } = spawnSync('kubectl', ['get', '--raw', '/readyz', '--request-timeout=10s'], {
    encoding: 'utf8',
  });
  if (error) return `kubectl does not run: ${error.message}`;
  return status === 0 ? undefined : `the cluster does not answer: ${stderr.replace(/\s+/g, ' ').trim()}`;
}

export interface Pod {
  readonly name: string;
  readonly version: string;
  readonly isReady: boolean;
  readonly isGoing: boolean;
  /** Termination message of the pod's container before its last restart. */
  readonly lastMessage?: string;
}

/** Namespace for one test, which enforces the "restricted" Pod Security Standard. */
export class Namespace {
  constructor(readonly name: string) {
    kubectl(['create', 'namespace', name]);
    const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    kubectl(['label', 'namespace', name, ...labels]);
  }

  delete(): void {
    kubectl(['delete', 'namespace', this.name, '--timeout=120s']);
  }

  run(...args: string[]): string {
    return kubectl(['--namespace', this.name, ...args]).stdout;
  }

  get(kind: string, name: string): any {
    return JSON.parse(this.run('get', kind, name, '--output=json'));
  }

  /** Sends a manifest to the API server as a dry run, and returns the response. */
  dryRun(manifest: object): { stdout: string; stderr: string } {
    const args = ['--namespace', this.name, 'create', '--dry-run=server', '--filename=-'];
    return kubectl(args, JSON.stringify(manifest));
  }

  pods(): Pod[] {
    const { items } = JSON.parse(this.run('get', 'pods', '--output=json'));
    return items.map(({ metadata, status }: any) => ({
      name: metadata.name,
      version: metadata.annotations['model-serving/version'],
      isReady: status.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True') ?? false,
      isGoing: metadata.deletionTimestamp !== undefined,
      lastMessage: status.containerStatuses?.[0]?.lastState?.terminated?.message,
    }));
  }

  /** Requests an eviction, as a drain does; returns false if a disruption budget forbids the eviction. */
  evict(pod: string): boolean {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: this.name } };
    const path = `/api/v1/namespaces/${this.name}/pods/${pod}/eviction`;
    try {
      kubectl(['create', '--raw', path, '--filename=-'], JSON.stringify(eviction));
      return true;
    } catch (error) {
      if (/TooManyRequests/.test(String(error))) return false;
      throw error;
    }
  }

  /** Waits until exactly the given number of pods exist, all are ready, and none is terminating. */
  settled(replicas: number): Promise<Pod[]> {
    return waitFor(`${replicas} ready pods`, () => {
      const pods = this.pods();
      return pods.length === replicas && pods.every(({ isReady, isGoing }) => isReady && !isGoing) && pods;
    });
  }
}

/** Calls the probe twice a second until it returns a result. */
export async function waitFor<T>(what: string, probe: () => T | false | undefined, seconds = 180): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) {
    const found = probe();
    if (found !== false && found !== undefined) return found;
  }
  throw new Error(`no ${what} within ${seconds} s`);
}

function kubectl(args: string[], input?: string): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('kubectl', args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${status}\n${stdout}\n${stderr}`);
  return { stdout, stderr };
}
