import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../support/root';
import { RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { settingsEnvironment } from '../../inference-image/src/contract/settings';
import { modelFolder } from '../support/model-folder';
import type { FuzzModel } from './models';

const SERVER = join(ROOT, 'dist/inference-image/server.cjs');

/**
 * Maximum size of a request: large enough for bodies that the codec thread decodes, and small enough for bodies beyond
 * the limit to be sent quickly.
 */
export const MAX_REQUEST_BYTES = 2 ** 21;

/**
 * Node arguments that make each thread collect garbage every second, so that the process's memory is mostly what the
 * server keeps.
 */
const COLLECTING = ['--expose-gc', '--import', 'data:text/javascript,setInterval(gc, 1000).unref()'];

/** Time limit for a shutdown, which is longer than the server waits for its clients. */
const STOP_LIMIT_MS = 20_000;

/** Name of the gauge that shows how many bytes requests hold. */
const HELD_GAUGE = 'inference_request_memory_bytes';
const EMPTY_LIMIT_MS = 10_000;

/** Server process that runs the server's bundle. It must log only that it starts, serves and stops. */
export class Target {
  httpPort = 0;
  grpcPort = 0;
  metricsPort = 0;
  /** Warnings and errors that the server has logged. */
  readonly complaints: string[] = [];
  /** Memory of the process in MiB, as measured so far. */
  readonly memory: number[] = [];

  static async start(model: FuzzModel): Promise<Target> {
    const folder = modelFolder(model.parts);
    const ports = { host: '127.0.0.1', httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
    const settings = {
      ...ports,
      modelFolder: folder,
      drainSeconds: 0,
      maxRequestBytes: MAX_REQUEST_BYTES,
      ...model.settings,
    };
    const child = spawn(process.execPath, [...COLLECTING, SERVER], {
      env: { ...RUNTIME_ENVIRONMENT, ...process.env, ...settingsEnvironment(settings) },
    });
    const target = new Target(child, model);
    child.once('close', () => rmSync(folder, { recursive: true, force: true }));
    await Promise.race([target.ready, once(child, 'close')]);
    if (child.exitCode !== null) throw new Error(`the server did not start: ${target.complaints}`);
    return target;
  }

  private readonly ready: Promise<void>;

  private constructor(
    private readonly child: ChildProcess,
    readonly model: FuzzModel,
  ) {
    child.stderr?.on('data', (data) => this.complaints.push(String(data)));
    this.ready = new Promise((resolve) => {
      createInterface(child.stdout!).on('line', (text) => {
        const line = JSON.parse(text);
        if (['warn', 'error', 'fatal'].includes(line.level)) this.complaints.push(text);
        if (line.msg === 'listening') {
          const { httpPort, grpcPort, metricsPort } = line;
          Object.assign(this, { httpPort, grpcPort, metricsPort });
        }
        if (line.msg === 'ready') resolve();
      });
    });
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async measure(): Promise<void> {
    this.memory.push((await this.gauge('process_resident_memory_bytes')) / 2 ** 20);
  }

  /**
   * Number of bytes that requests still hold after the clients have closed their connections. Waits up to 10 s for the
   * number to become 0.
   */
  async heldBytes(): Promise<number> {
    const end = performance.now() + EMPTY_LIMIT_MS;
    let held = await this.gauge(HELD_GAUGE);
    while (held !== 0 && performance.now() < end) {
      await sleep(100);
      held = await this.gauge(HELD_GAUGE);
    }
    return held;
  }

  private async gauge(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, 'm').exec(text)?.[1]);
  }

  /** Stops the server. @returns Faults of the shutdown, and further warnings and errors. */
  async stop(): Promise<string[]> {
    if (!this.alive) return [`it exited before SIGTERM, with ${[this.child.exitCode, this.child.signalCode]}`];
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const stuck = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    const [code, signal] = await closed;
    clearTimeout(stuck);
    return [...(code === 0 ? [] : [`it exited with ${code ?? signal}`]), ...this.complaints];
  }
}
