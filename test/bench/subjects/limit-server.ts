import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { v2Json } from './exchange';
import { NotRun, type Subject } from './subject';

const SOURCE = process.env.LIMIT_SERVER ?? join(ROOT, '../shared/limit-server');
/** Folder of the copy in which the server is built, because the source folder might be read-only. */
const COPY = join(ROOT, 'node_modules/.cache/limit-server');
const RUNTIME = join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6/linux', process.arch, 'libonnxruntime.so.1');

/** Upper bound: a Rust server that uses the same runtime library. It accepts only matrices. */
export const limitServer: Subject = {
  name: 'limit-server (Rust)',
  command(model) {
    if (model.shape.length !== 2) throw new NotRun('the server accepts only matrices');
    const env = { MODEL: model.file, ORT: RUNTIME };
    return { command: build(), args: [], env, port: 8109, exchanges: { JSON: v2Json('m', model) } };
  },
};

function build(): string {
  if (!existsSync(join(SOURCE, 'Cargo.toml'))) throw new NotRun(`${SOURCE} is missing`);
  cpSync(SOURCE, COPY, { recursive: true, mode: 0 });
  const args = ['build', '--release', '--quiet', '--manifest-path', join(COPY, 'Cargo.toml')];
  const { error, status, stderr } = spawnSync('cargo', args, { encoding: 'utf8' });
  if (error) throw new NotRun(`cargo cannot be run: ${error.message}`);
  if (status !== 0) throw new NotRun(`cargo: ${stderr.trim().split('\n').at(-1)}`);
  return join(COPY, 'target/release/rs');
}
