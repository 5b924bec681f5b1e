/** Compares a model of one row with its copy that has a free number of rows. Not part of any image. */
import { readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RebatchOrder, RebatchReport } from '../contract/rebatch-messages';
import { REPORT_PREFIX } from '../contract/node-process';
import { goldenFileSchema } from '../contract/schemas';
import { messageOf } from '../base/errors';
import { GoldenExamples } from '../host/golden-examples';
import type { Run } from '../inference/executor';
import { parseJson } from '../json/json';
import { compareModels } from './compare-models';

async function report(order: RebatchOrder): Promise<RebatchReport> {
  let runtime: typeof import('../inference/session');
  try {
    runtime = await import('../inference/session.js');
  } catch (error) {
    return { unavailable: messageOf(error) };
  }
  const { originalPath, freedPath, signature, axes } = order;
  try {
    const examples = await exampleRuns(order);
    const original = new runtime.Session({ modelPath: originalPath, threads: 1 });
    const freed = new runtime.Session({ modelPath: freedPath, threads: 1 });
    return await compareModels({ original, freed, signature, axes, examples });
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

async function exampleRuns({ golden: path, signature, picture }: RebatchOrder): Promise<Run[]> {
  if (path === undefined) return [];
  const golden = new GoldenExamples({ signature, picture });
  try {
    const { examples } = goldenFileSchema.parse(parseJson(readFileSync(path, 'utf8'), { exactIntegers: true }));
    const outputs = signature.outputs.map(({ name }) => name);
    const runs: Run[] = [];
    for (const example of examples) runs.push({ inputs: await golden.inputs(example, dirname(path)), outputs });
    return runs;
  } finally {
    await golden.close();
  }
}

void report(JSON.parse(readFileSync(0, 'utf8')) as RebatchOrder).then((outcome) => {
  writeSync(1, `${REPORT_PREFIX}${JSON.stringify(outcome)}\n`);
});
