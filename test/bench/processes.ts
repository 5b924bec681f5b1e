import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { serverProcess } from './server-process';

/** A server process that logs `{"msg":"ready","url":…}`. */
export interface Started {
  readonly url: string;
  readonly pid: number;
  /** Time from spawn to ready, in milliseconds. */
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
    return { url, pid: child.pid!, startMs: performance.now() - start, stop: () => stop(child) };
  }
  throw new Error(`${args.join(' ')} exited before it was ready`);
}

/** Starts our server on a staged context. */
export function startServer(context: string): Promise<Started> {
  const { args, env } = serverProcess(context, { drainSeconds: 0 });
  return startNode(args, env);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
