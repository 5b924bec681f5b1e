/** Runs or records golden examples with the same code as the container. Not part of any image. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { GoldenDifference, GoldenOrder, GoldenReport } from '../contract/golden';
import { REPORT_PREFIX } from '../contract/node-process';
import { goldenFileSchema } from '../contract/schemas';
import { messageOf } from '../base/errors';
import { GoldenExamples } from '../host/golden-examples';
import { goldenDifferences, type GoldenRun } from '../inference/golden-check';
import type { Session } from '../inference/session';
import { parseJson } from '../json/json';
import { GoldenRecorder, Unusable } from './golden-recorder';

async function report(order: GoldenOrder): Promise<GoldenReport> {
  const { modelPath, signature, picture, task } = order;
  let runtime: typeof import('../inference/session');
  try {
    runtime = await import('../inference/session.js');
  } catch (error) {
    return { unavailable: messageOf(error) };
  }
  const golden = new GoldenExamples({ signature, picture });
  try {
    const session = new runtime.Session({ modelPath, threads: 1 });
    if ('check' in task) return { differences: await check(session, golden, task.check) };
    const plain = plainSession(runtime.Session, modelPath);
    return { recorded: await new GoldenRecorder(session, plain, golden, order).record(task) };
  } catch (error) {
    if (error instanceof Unusable) return { unusable: error.answers };
    return { failure: messageOf(error) };
  } finally {
    await golden.close();
  }
}

/** Loads the model without optimizations; undefined if the runtime accepts the model only with optimizations. */
function plainSession(kind: typeof Session, modelPath: string): Session | undefined {
  try {
    return new kind({ modelPath, threads: 1, isOptimized: false });
  } catch {
    return undefined;
  }
}

async function check(session: Session, golden: GoldenExamples, path: string) {
  const { examples } = goldenFileSchema.parse(readJson(readFileSync(path, 'utf8')));
  const all: GoldenDifference[] = [];
  for (const example of examples) {
    const { name } = example;
    try {
      const run = await golden.run(example, dirname(path));
      all.push(...(await differences(session, run)).map((what) => ({ example: name, what, isRefused: false })));
    } catch (error) {
      all.push({ example: name, what: messageOf(error), isRefused: true });
    }
  }
  return all;
}

/** Describes differences from the example; an example that cannot be run counts as a difference. */
async function differences(session: Session, golden: GoldenRun): Promise<string[]> {
  try {
    return await goldenDifferences(session, golden);
  } catch (error) {
    return [messageOf(error)];
  }
}

function readJson(text: string): unknown {
  return parseJson(text, { exactIntegers: true });
}

void report(JSON.parse(readFileSync(0, 'utf8')) as GoldenOrder).then((outcome) => {
  process.stdout.write(`${REPORT_PREFIX}${JSON.stringify(outcome)}\n`);
});
