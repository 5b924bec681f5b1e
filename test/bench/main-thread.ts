/**
 * npm run bench:main-thread [-- --only TEXT] [--runs N]: measures the longest time for which one request blocks the
 * server's main thread, for the largest request of each form. The figures in brackets are the CPU time of the whole
 * process.
 */
import { Client, credentials } from '@grpc/grpc-js';
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../support/root';
import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { NODE_ARGUMENTS, RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { settingsEnvironment } from '../../inference-image/src/contract/settings';
import { modelFolder } from '../support/model-folder';
import { identity } from '../support/onnx-builder';
import { FORMS, type Form, type Sent } from './main-thread-forms';
import { MODEL_INFER } from './grpc-message';
import { median } from '../../lib/base/quantile';
import { table } from './table';

const MIB = 2 ** 20;
const SIZES = [1, 4, 16];
const SERVER = join(ROOT, 'dist/inference-image/server.cjs');
const PROBE = join(__dirname, 'main-thread-probe.cjs');
/** Limits that are high enough for requests of 16 MiB. */
const SETTINGS = {
  maxRequestBytes: 20 * MIB,
  requestBudgetBytes: 2 ** 31,
  maxQueueBytes: 2 ** 30,
  queueTimeoutSeconds: 300,
};
const SETTLE_MS = 100;

interface Figures {
  readonly withCollections: number;
  readonly without: number;
  readonly cpuMs: number;
}

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, runs: { type: 'string', default: '5' } },
  });
  const rows: string[][] = [];
  for (const form of FORMS.filter(({ name }) => name.includes(values.only))) {
    const cells = await measured(form, Number(values.runs));
    rows.push([form.name, ...cells]);
    console.error(rows.at(-1)!.join(' | '));
  }
  console.log(table(['ms, without / with garbage collection (CPU)', ...SIZES.map((size) => `${size} MiB`)], rows));
  process.exit();
}

async function measured(form: Form, runs: number): Promise<string[]> {
  const server = await Probed.start(form);
  const cells: string[] = [];
  for (const mebibytes of SIZES) {
    const sent = form.request(mebibytes * MIB);
    // Warms up the server: it loads and compiles some code on the first request.
    for (let i = 0; i < 2; i++) await server.send(sent);
    const figures: Figures[] = [];
    for (let i = 0; i < runs; i++) figures.push(await during(server, () => server.send(sent)));
    const [without, withCollections, cpu] = (['without', 'withCollections', 'cpuMs'] as const).map((name) =>
      median(figures.map((each) => each[name])).toFixed(0),
    );
    cells.push(`${without} / ${withCollections} (${cpu})`);
  }
  server.stop();
  return cells;
}

/** A server with the probe. */
class Probed {
  private stderr = '';
  private url = '';
  private grpcTarget = '';

  static async start({ elem, dims, picture }: Form): Promise<Probed> {
    // Requests run alone, so that only the transport is measured and not the splitting of runs.
    const edit = (manifest: ModelManifest) => void Object.assign(manifest, picture && { image: picture });
    const folder = modelFolder(identity(elem, dims), { batching: null, edit });
    const ports = { host: '127.0.0.1', httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
    const settings = settingsEnvironment({ ...SETTINGS, ...ports, modelFolder: folder, drainSeconds: 0 });
    const child = spawn(process.execPath, [...NODE_ARGUMENTS, '--require', PROBE, SERVER], {
      env: { ...process.env, ...RUNTIME_ENVIRONMENT, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.once('close', () => rmSync(folder, { recursive: true, force: true }));
    const probed = new Probed(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, httpPort, grpcPort } = JSON.parse(line) as Record<string, string>;
      if (msg === 'listening') {
        probed.url = `http://127.0.0.1:${httpPort}/v2/models/m/infer`;
        probed.grpcTarget = `127.0.0.1:${grpcPort}`;
      } else if (msg === 'ready') break;
    }
    child.stdout.resume();
    return probed;
  }

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.on('data', (data) => (this.stderr += data));
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  /** Figures since the last call. */
  async figures(): Promise<Figures> {
    this.stderr = '';
    this.child.kill('SIGUSR2');
    while (!this.stderr.includes('\n')) await sleep(5);
    return JSON.parse(this.stderr) as Figures;
  }

  async send({ grpcMessage, body, gzip, headers, status = 200 }: Sent): Promise<void> {
    if (grpcMessage) return this.call(grpcMessage);
    const reply = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      body: gzip ? gzipSync(body!) : body,
    });
    const answer = Buffer.from(await reply.arrayBuffer());
    if (reply.status !== status) throw new Error(`${reply.status}: ${answer.toString('utf8', 0, 500)}`);
  }

  private call(message: Buffer): Promise<void> {
    const limits = { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 };
    const client = new Client(this.grpcTarget, credentials.createInsecure(), limits);
    const asIs = (bytes: Buffer) => bytes;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(MODEL_INFER, asIs, asIs, message, (error) => {
        client.close();
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

async function during(server: Probed, request: () => Promise<void>): Promise<Figures> {
  await server.figures();
  await request();
  await sleep(SETTLE_MS);
  return server.figures();
}

void measure();
