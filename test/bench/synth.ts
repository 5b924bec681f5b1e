import { execFileSync } from 'node:child_process';
import { linkSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../support/root';
import { externalInitializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { folder, tinyModel } from './models';
import { median } from '../../lib/base/quantile';
import { atMost, milliseconds, ratioRow, type Row } from './table';

const ROUNDS = 15;
const MIB = 2 ** 20;
const CLI = join(ROOT, 'dist/lib/cli/main.js');
const GIGABYTE = 'gigabyte.onnx';
const WEIGHTS = 'weights.bin';

/** Limit for programs with many constructs: milliseconds more than the raw resources take. */
const MORE = atMost(3000, '≤ 3000 ms more');
const LINEAR = atMost(1.3, '≤ 1.3: linear');

/** Kinds of programs in synth-program.cjs. */
type Kind = 'rawContainer' | 'container' | 'knownContainer' | 'rawService' | 'service';

/** Measures the time of whole processes, from spawn to exit. Programs that use our constructs run with a warm cache. */
export function synthRows(): Row[] {
  const tiny = tinyModel();
  synth('container', 100, tiny);
  const gigabyte = gigabyteModel();
  return [
    oneModel(tiny),
    hundredModels(tiny),
    oneService(tiny),
    ...fiftyServices(tiny),
    coldAndWarm(gigabyte),
    knownModel('a tiny model', tiny),
    knownModel('a 1 GiB model', gigabyte),
  ];
}

function oneModel(file: string): Row {
  const what = 'synth of one ContainerizedModel, warm, against the two raw resources';
  return against(what, 'container', 'rawContainer', file);
}

function oneService(file: string): Row {
  const what = 'synth of one ScalableModelService, warm, against the eight raw resources';
  return against(what, 'service', 'rawService', file);
}

function against(what: string, ours: Kind, raw: Kind, file: string): Row {
  const samples = { raw: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.raw.push(synth(raw, 1, file).ms);
    samples.ours.push(synth(ours, 1, file).ms);
  }
  return ratioRow(what, samples.ours, samples.raw, atMost(1.3));
}

/**
 * Measures the synth of fifty services, and whether an additional service takes longer when there are many than when
 * there are few.
 */
function fiftyServices(file: string): Row[] {
  const counts = [1, 10, 50];
  const run = (kind: Kind) => counts.map((count) => median([1, 2, 3, 4, 5].map(() => synth(kind, count, file).ms)));
  const [[, , raw], [one, ten, fifty]] = [run('rawService'), run('service')] as [number[], number[]];
  const [few, many] = [(ten! - one!) / 9, (fifty! - ten!) / 40];
  return [
    {
      what: 'synth of 50 ScalableModelServices, against the raw resources',
      ours: milliseconds(fifty!),
      baseline: milliseconds(raw!),
      ratio: `${milliseconds(fifty! - raw!)} more`,
      target: MORE.text,
      met: MORE.isMet(fifty! - raw!),
    },
    {
      what: 'time per additional service, from 10 to 50 services, against from 1 to 10',
      ours: milliseconds(many),
      baseline: milliseconds(few),
      ratio: (many / few).toFixed(2),
      target: LINEAR.text,
      met: LINEAR.isMet(many / few),
    },
  ];
}

function hundredModels(file: string): Row {
  const run = (kind: Kind) => median([1, 2, 3].map(() => synth(kind, 100, file).ms));
  const [raw, ours] = [run('rawContainer'), run('container')];
  return {
    what: 'synth of 100 ContainerizedModels, against the raw resources',
    ours: milliseconds(ours),
    baseline: milliseconds(raw),
    ratio: `${milliseconds(ours - raw)} more`,
    target: MORE.text,
    met: MORE.isMet(ours - raw),
  };
}

/** Measures the synth of a model with all files that can be committed beside it. */
function knownModel(title: string, file: string): Row {
  const what = `synth of ${title} with golden examples, a profile and an accepted interface, warm, against a synth without these files`;
  const known = withCommittedFiles(file);
  synth('knownContainer', 1, known);
  const samples = { without: [] as number[], with: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.without.push(synth('container', 1, file).ms);
    samples.with.push(synth('knownContainer', 1, known).ms);
  }
  return ratioRow(what, samples.with, samples.without, atMost(1.2));
}

/** Links the model into a new folder, and writes all files there that can be committed beside a model. */
function withCommittedFiles(file: string): string {
  const target = mkdtempSync(join(folder, 'known-'));
  const linked = join(target, basename(file));
  linkSync(file, linked);
  if (basename(file) === GIGABYTE) linkSync(join(folder, WEIGHTS), join(target, WEIGHTS));
  const run = (...args: string[]) => execFileSync(process.execPath, [CLI, ...args], { stdio: 'ignore' });
  run('golden', 'record', linked, '--random', '3');
  run('profile', linked, '--max-batch', '4');
  run('interface', 'accept', linked, '--name', 'model0');
  return linked;
}

function gigabyteModel(): string {
  writeFileSync(join(folder, WEIGHTS), '');
  truncateSync(join(folder, WEIGHTS), 1024 * MIB);
  const file = writeOnnxModel(join(folder, GIGABYTE), {
    inputs: [value('x', 'float', ['n', 16384])],
    outputs: [value('y', 'float', ['n', 16384])],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [16384, 16384], WEIGHTS)],
  });
  // A file written more recently would be read again, because its modification time might not reveal a later write.
  execFileSync('sleep', ['2.5']);
  return file;
}

function coldAndWarm(file: string): Row {
  const [cold, warm] = [synth('container', 1, file), synth('container', 1, file)];
  return {
    what: 'synth of a 1 GiB model, warm, against a cold synth',
    ours: `${milliseconds(warm.ms)}, ${Math.ceil(warm.bytesRead / MIB)} MiB read`,
    baseline: `${milliseconds(cold.ms)}, ${Math.ceil(cold.bytesRead / MIB)} MiB read`,
    ratio: (warm.ms / cold.ms).toFixed(2),
    target: 'not read again',
  };
}

function synth(kind: Kind, count: number, file: string): { ms: number; bytesRead: number } {
  const start = performance.now();
  const args = [join(__dirname, 'synth-program.cjs'), kind, String(count), file, join(folder, 'cdktf.out')];
  const bytesRead = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return { ms: performance.now() - start, bytesRead };
}
