import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { plainJson, v2Binary, v2Json, type Exchanges } from './exchange';
import type { ServingModel } from '../serving-models';
import { NotRun, type Subject } from './subject';

const PYTHON = process.env.PYTHON ?? 'python3';
const SOURCES = join(__dirname, '../peers');
/** Folder of the Python environments. Each peer has one of its own, because the dependencies of the peers conflict. */
const ENVIRONMENTS = join(ROOT, 'node_modules/.cache/bench-venvs');

/** Maximum number of rows per run for peers that batch; the same as in our server and the limit server. */
const MAX_BATCH = 32;
/** Time for which MLServer and LitServe wait for a batch to fill; see docs/benchmarks.md. */
const BATCH_SECONDS = Number(process.env.BATCH_SECONDS ?? 0.001);

interface Peer {
  readonly folder: string;
  /** Returns the program to start from the environment, followed by its arguments. */
  readonly run: (port: number) => [string, ...string[]];
  readonly exchanges: (model: ServingModel) => Exchanges;
  readonly batches: boolean;
}

const UVICORN = ['--loop', 'uvloop', '--http', 'httptools', '--no-access-log', '--log-level', 'warning'];

const PEERS: Record<string, Peer> = {
  FastAPI: {
    folder: 'fastapi',
    run: (port) => ['uvicorn', 'server:app', '--port', String(port), ...UVICORN],
    exchanges: (model) => ({ JSON: v2Json('m', model) }),
    batches: false,
  },
  'FastAPI, unchecked': {
    folder: 'fastapi',
    run: (port) => ['uvicorn', 'unchecked:app', '--port', String(port), ...UVICORN],
    exchanges: (model) => ({ JSON: v2Json('m', model) }),
    batches: false,
  },
  MLServer: {
    folder: 'mlserver',
    run: () => ['python', 'server.py'],
    exchanges: (model) => ({ JSON: v2Json('m', model) }),
    batches: true,
  },
  LitServe: {
    folder: 'litserve',
    run: () => ['python', 'server.py'],
    exchanges: (model) => ({ JSON: plainJson('/predict', model) }),
    batches: true,
  },
  BentoML: {
    folder: 'bentoml',
    run: (port) => ['bentoml', 'serve', 'service:OnnxService', '--host', '127.0.0.1', '--port', String(port)],
    exchanges: (model) => ({ JSON: plainJson('/predict', model) }),
    batches: true,
  },
  KServe: {
    folder: 'kserve',
    run: () => ['python', 'server.py'],
    exchanges: (model) => ({ JSON: v2Json('m', model), binary: v2Binary('m', model) }),
    batches: false,
  },
};

/** All peers without batching, and those that support batching also with batching. */
export const PYTHON_PEERS: Subject[] = Object.entries(PEERS).flatMap(([name, peer]) => [
  subject(name, peer, 1),
  ...(peer.batches ? [subject(`${name}, batching`, peer, MAX_BATCH)] : []),
]);

/** The peers that are model servers, which are all except FastAPI. */
export const MODEL_SERVERS = PYTHON_PEERS.filter(({ name }) => !name.startsWith('FastAPI'));

function subject(name: string, { folder, run, exchanges }: Peer, maxBatch: number): Subject {
  return {
    name,
    command(model, port) {
      const [program, ...args] = run(port);
      const env = {
        MODEL: model.file,
        PORT: String(port),
        MAX_BATCH: String(maxBatch),
        BATCH_SECONDS: String(BATCH_SECONDS),
        BENTOML_DO_NOT_TRACK: '1',
      };
      const command = join(environment(folder), 'bin', program);
      return { command, args, cwd: join(SOURCES, folder), env, exchanges: exchanges(model) };
    },
  };
}

/** Returns the environment of a peer. Creates it if it is missing or was installed from different requirements. */
function environment(folder: string): string {
  const path = join(ENVIRONMENTS, folder);
  const requirements = join(SOURCES, folder, 'requirements.txt');
  const stamp = join(path, 'installed.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return path;
  console.error(`installing ${folder}`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  run(PYTHON, ['-m', 'venv', path]);
  run(join(path, 'bin/pip'), ['install', '--quiet', '--requirement', requirements]);
  writeFileSync(stamp, wanted);
  return path;
}

function run(command: string, args: string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new NotRun(error.message);
  if (status !== 0) throw new NotRun(`cannot be installed: ${stderr.trim().split('\n').at(-1)}`);
}
