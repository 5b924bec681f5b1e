import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { NODE_ARGUMENTS } from '../../inference-image/src/contract/node-arguments';
import { RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/runtime-environment';
import { settingsEnvironment } from '../../inference-image/src/contract/settings';

/** A server process that logs `{"msg":"ready","url":…}`. */
export interface Started {
  readonly url: string;
  /** From spawn to ready, in milliseconds. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export async function startNode(args: string[], env: Record<string, string> = {}): Promise<Started> {
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    if (msg !== 'ready') continue;
    child.stdout.resume();
    return { url, startMs: performance.now() - start, stop: () => stop(child) };
  }
  throw new Error(`${args.join(' ')} ended before it was ready`);
}

/** Our server on a staged context. */
export function startServer(context: string): Promise<Started> {
  const settings = { modelFolder: `${context}/model`, host: '127.0.0.1', drainSeconds: 0, threadsPerExecutor: 1 };
  const ports = { httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
  const env = { ...RUNTIME_ENVIRONMENT, ...settingsEnvironment({ ...settings, ...ports }) };
  return startNode([...NODE_ARGUMENTS, `${context}/app/server.cjs`], env);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
