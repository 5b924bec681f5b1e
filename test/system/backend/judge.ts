/**
 * Compares the library's proofs with the trials of truth.py: tsx test/system/backend/judge.ts FOLDER, where FOLDER is
 * the output of truth.py. Fails if a proof is incorrect or too few models are proved.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchingVerdict } from '../../../inference-image/src/contract/batching-verdict';
import { readGraph } from '../../../lib/model/read-graph';
import byHand from './by-hand.json';

interface Truth {
  /** Row axis of every input. */
  readonly axis: number;
  readonly truth: 'independent' | 'coupled' | 'random' | 'undecided' | 'not run';
  readonly why: string;
  /** For each output, the axes that could be the row axis. */
  readonly axes?: readonly (readonly number[])[];
}

interface Judged extends Truth {
  readonly name: string;
  readonly proof: BatchingVerdict;
}

/** Minimum share of independent models that must be proved. */
const LEAST = 0.95;

const VARIANTS = {
  all: 'all inputs batched',
  first: 'first input batched, others constant',
  axis1: 'all inputs batched on axis 1',
};

function judge(folder: string): boolean {
  const truths: Record<string, Truth> = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'));
  const judged = Object.entries(truths).map(([name, truth]) => {
    return {
      name,
      ...truth,
      ...decidedByHand(name, truth),
      proof: readGraph(join(folder, `${name}.onnx`)).proof.verdict,
    };
  });
  let good = true;
  console.log('| | independent | proved | coupled | wrongly proved |\n|-|-|-|-|-|');
  for (const [variant, title] of Object.entries(VARIANTS)) {
    const models = judged.filter(({ name }) => name.endsWith(`.${variant}`));
    const independent = models.filter(({ truth }) => truth === 'independent');
    const coupled = models.filter(({ truth }) => truth === 'coupled');
    const proved = independent.filter(isProved);
    const mistakes = models.filter(isMistake);
    const share = proved.length / independent.length;
    console.log(
      `| ${title} | ${independent.length} | ${proved.length} (${(share * 100).toFixed(1)} %) | ${coupled.length} | ${mistakes.length} |`,
    );
    good &&= mistakes.length === 0 && (variant === 'axis1' || share >= LEAST);
  }
  report('Wrongly proved', judged.filter(isMistake));
  report(
    'Not proved',
    judged.filter((model) => model.truth === 'independent' && !isProved(model)),
  );
  report('Undecided by trials and by hand', judged.filter(isUnsettled));
  return good && !judged.some(isUnsettled);
}

/** Decision by hand for a model whose trials do not run or are inconclusive. */
function decidedByHand(name: string, { truth }: Truth): Partial<Truth> | undefined {
  const found = byHand.find(({ models }) => new RegExp(`^${models}$`).test(name));
  if (!found || truth === 'coupled') return undefined;
  return { truth: found.truth as Truth['truth'], why: found.why };
}

function isProved({ proof }: Judged): boolean {
  return proof.verdict === 'independent';
}

/** Whether the proof is wrong: the model is coupled, or its rows are on other axes. */
function isMistake(model: Judged): boolean {
  const { proof, truth, axis, axes } = model;
  if (proof.verdict !== 'independent') return false;
  if (truth === 'coupled' || truth === 'random' || proof.inputAxes.some((input) => input !== axis)) return true;
  return axes !== undefined && proof.outputAxes.some((output, i) => !axes[i]?.includes(output));
}

/**
 * Whether the model is proved independent although no trial could have revealed a mistake. Models that the runtime does
 * not load do not count, because they cannot be served.
 */
function isUnsettled(model: Judged): boolean {
  return isProved(model) && model.truth === 'undecided';
}

function report(title: string, models: readonly Judged[]): void {
  console.log(`\n${title}: ${models.length}`);
  for (const { name, truth, why, proof } of models) {
    console.log(`  ${name}: trials say ${truth} (${why.slice(0, 150)}), the proof ${JSON.stringify(proof)}`);
  }
}

process.exitCode = judge(process.argv[2] ?? '') ? 0 : 1;
