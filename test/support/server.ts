import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './root';
import { RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { settingsEnvironment, type Settings } from '../../inference-image/src/contract/settings';
import { modelFolder, type ModelFolderOptions } from './model-folder';
import type { ModelParts } from './onnx-builder';

const SERVER = join(ROOT, 'dist/inference-image/server.cjs');
const running = new Set<ServerProcess>();

/** Line of the server's log. */
export type LogLine = Record<string, any> & { level: string; msg: string };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** Server process that runs the image's bundle with a model of the test. It is stopped at the end of the test file. */
export class ServerProcess {
  readonly log: LogLine[] = [];
  readonly exitCode: Promise<number | null>;
  stderr = '';
  url = '';
  metricsUrl = '';
  /** Host and port of the gRPC server. */
  grpcTarget = '';
  private listeners: Array<() => void> = [];

  /** Starts a server, and waits until it is ready or reports that the model cannot be served. */
  static async start(
    parts: ModelParts,
    settings: Partial<Settings> = {},
    model: ModelFolderOptions = {},
  ): Promise<ServerProcess> {
    const server = ServerProcess.spawn(modelFolder(parts, model), settings);
    await server.waitForLog((line) => line.msg === 'listening');
    await server.waitForLog((line) => line.msg === 'ready' || line.msg === 'the model is not served');
    return server;
  }

  /** Starts a server without waiting. */
  static spawn(folder: string, settings: Partial<Settings> = {}, env: NodeJS.ProcessEnv = {}): ServerProcess {
    const variables = settingsEnvironment({
      modelFolder: folder,
      host: '127.0.0.1',
      httpPortNumber: 0,
      grpcPortNumber: 0,
      metricsPortNumber: 0,
      drainSeconds: 0,
      ...settings,
    });
    const node = process.env.TEST_SERVER_NODE ?? process.execPath;
    const child = spawn(node, [SERVER], { env: { ...RUNTIME_ENVIRONMENT, ...process.env, ...variables, ...env } });
    return new ServerProcess(child, folder);
  }

  private constructor(
    readonly process: ChildProcess,
    readonly folder: string,
  ) {
    running.add(this);
    this.exitCode = once(this.process, 'close').then(([code]) => {
      running.delete(this);
      rmSync(folder, { recursive: true, force: true });
      this.notify();
      return code as number | null;
    });
    this.process.stderr?.on('data', (data) => (this.stderr += data));
    if (this.process.stdout) createInterface(this.process.stdout).on('line', (line) => this.read(line));
  }

  async waitForLog(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const line = this.log.find(matches);
      if (line) return line;
      if (!running.has(this)) throw new Error(`the server exited: ${JSON.stringify(this.log)} ${this.stderr}`);
      await new Promise<void>((resolve) => this.listeners.push(resolve));
    }
  }

  get(path: string, init: RequestInit = {}): Promise<Reply> {
    return this.fetch(path, init);
  }

  /** Sends a POST request to the inference path. */
  infer(body: unknown, init: RequestInit & { path?: string } = {}): Promise<Reply> {
    const { path = '/v2/models/m/infer', headers, ...rest } = init;
    const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: isJson ? JSON.stringify(body) : (body as RequestInit['body']),
      ...rest,
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.metricsUrl}/metrics`)).text();
  }

  /** Value of a metrics series. If several series have this name, returns the value of the first. */
  async series(name: string): Promise<number> {
    return Number(new RegExp(`^${name}({.*})? (\\S+)$`, 'm').exec(await this.metrics())?.[2]);
  }

  /** Waits until a series has the given value. There is no time limit, because none suits every machine. */
  async seriesReaches(name: string, value: number): Promise<void> {
    while ((await this.series(name)) !== value) await sleep(5);
  }

  /** Sends a signal, waits for the process to exit, and returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal);
    return this.exitCode;
  }

  private async fetch(path: string, init: RequestInit): Promise<Reply> {
    const response = await fetch(this.url + path, init);
    const { status, headers } = response;
    const isJson = headers.get('content-type')?.startsWith('application/json');
    return { status, headers, body: isJson ? await response.json() : Buffer.from(await response.arrayBuffer()) };
  }

  private read(text: string): void {
    const line = JSON.parse(text) as LogLine;
    this.log.push(line);
    if (line.msg === 'listening') {
      this.url = `http://127.0.0.1:${line.httpPort}`;
      this.grpcTarget = `127.0.0.1:${line.grpcPort}`;
      this.metricsUrl = `http://127.0.0.1:${line.metricsPort}`;
    }
    this.notify();
  }

  private notify(): void {
    for (const resolve of this.listeners.splice(0)) resolve();
  }
}

afterAll(async () => {
  await Promise.all([...running].map((server) => server.stop('SIGINT')));
});
