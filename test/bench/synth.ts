import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { externalInitializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { folder, tinyModel } from './models';
import { median, milliseconds, ratioRow, type Row } from './table';

const ROUNDS = 15;
const MIB = 2 ** 20;

/** Whole processes, from spawn to exit; ours with a warm cache. */
export function synthRows(): Row[] {
  const tiny = tinyModel();
  synth('ours', 100, tiny);
  return [oneModel(tiny), hundredModels(tiny), gigabyteModel()];
}

function oneModel(file: string): Row {
  const samples = { raw: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.raw.push(synth('raw', 1, file).ms);
    samples.ours.push(synth('ours', 1, file).ms);
  }
  return ratioRow(
    'synth of one ContainerizedModel, warm, against the two raw resources',
    samples.ours,
    samples.raw,
    '≤ 1.3',
  );
}

function hundredModels(file: string): Row {
  const run = (kind: 'raw' | 'ours') => median([1, 2, 3].map(() => synth(kind, 100, file).ms));
  const [raw, ours] = [run('raw'), run('ours')];
  return {
    what: 'synth of a hundred',
    ours: milliseconds(ours),
    baseline: milliseconds(raw),
    ratio: `${milliseconds(ours - raw)} more`,
    target: '≤ 3000 ms more',
  };
}

function gigabyteModel(): Row {
  writeFileSync(join(folder, 'weights.bin'), '');
  truncateSync(join(folder, 'weights.bin'), 1024 * MIB);
  const file = writeOnnxModel(join(folder, 'gigabyte.onnx'), {
    inputs: [value('x', 'float', ['n', 16384])],
    outputs: [value('y', 'float', ['n', 16384])],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [16384, 16384], 'weights.bin')],
  });
  execFileSync('sleep', ['2.5']);
  const [cold, warm] = [synth('ours', 1, file), synth('ours', 1, file)];
  return {
    what: 'synth of a 1 GiB model, warm, against cold',
    ours: `${milliseconds(warm.ms)}, ${Math.ceil(warm.bytesRead / MIB)} MiB read`,
    baseline: `${milliseconds(cold.ms)}, ${Math.ceil(cold.bytesRead / MIB)} MiB read`,
    ratio: (warm.ms / cold.ms).toFixed(2),
    target: 'not read again',
  };
}

function synth(kind: 'raw' | 'ours', count: number, file: string): { ms: number; bytesRead: number } {
  const start = performance.now();
  const args = [join(__dirname, 'synth-program.cjs'), kind, String(count), file, join(folder, 'cdktf.out')];
  const bytesRead = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return { ms: performance.now() - start, bytesRead };
}
