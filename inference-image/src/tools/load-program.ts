/** Loads a model at synth and runs it on generated inputs. Not part of any image. */
import { readFileSync, writeSync } from 'node:fs';
import type { LoadReport, LoadOrder, TrialReport } from '../contract/load-messages';
import { REPORT_PREFIX } from '../contract/node-process';
import { messageOf } from '../base/errors';
import type { Session } from '../inference/session';
import { EdgeTrial } from './edge-trial';
import { tryShapes } from './signature-trial';
import { limitProcess } from './watchdog';

async function loadAndRun({ modelPath, signature, trial, triesEmpty }: LoadOrder): Promise<void> {
  let runtime: typeof import('../inference/session');
  try {
    runtime = await import('../inference/session.js');
  } catch (error) {
    return report({ unavailable: messageOf(error) });
  }
  let session: Session;
  try {
    session = new runtime.Session({ modelPath, threads: 1 });
  } catch (error) {
    return report({ failure: messageOf(error) });
  }
  report({ outputs: session.signature.outputs.map(({ name, shape = [] }) => ({ name, shape })) });
  limitProcess(trial);
  const sizes = tryShapes(session, signature, report);
  if (!sizes) return;
  const edges = new EdgeTrial(session, signature, sizes, report);
  if (triesEmpty) edges.tryEmpty();
  edges.tryIntegers();
}

/** Writes a line synchronously, because a run may crash the process. */
function report(line: LoadReport | TrialReport): void {
  writeSync(1, `${REPORT_PREFIX}${JSON.stringify(line)}\n`);
}

void loadAndRun(JSON.parse(readFileSync(0, 'utf8')) as LoadOrder);
