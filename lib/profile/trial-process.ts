import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Trial, TrialAnswer, TrialQuestion } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../errors';
import { imageErrors } from '../container-image/errors';
import type { LocalStage } from '../local-stage';
import { packageRoot } from '../package-root';
import { LastLines } from './last-lines';
import { measuringErrors } from './measuring-errors';

/** The trial could not do what it was asked, and goes on. */
export class TrialFailure extends Error {}

export interface TrialOptions {
  readonly stage: LocalStage;
  /** Of the model, for messages. */
  readonly path: string;
  /** Sizes by symbol, or as `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
}

/** The process in which a model is measured. */
export class TrialProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly log: LastLines;
  private how?: string;

  constructor(private readonly options: TrialOptions) {
    const program = join(packageRoot, 'dist', 'inference-image', 'profile-program.cjs');
    if (!existsSync(program)) throw new ModelServingError([imageErrors.bundleMissing(program)]);
    const { stage, dimensions, signal } = options;
    this.child = fork(program, [JSON.stringify(dimensions)], {
      env: stage.environment(),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      // As the server: a terminal's Ctrl-C reaches only this process, which ends it.
      detached: process.platform !== 'win32',
    });
    signal.addEventListener('abort', () => this.child.kill('SIGKILL'));
    this.log = new LastLines([this.child.stderr as Readable]);
    this.ended = once(this.child, 'close').then(([code, name]) => (this.how = name ?? `exit code ${code}`));
  }

  /**
   * @param doing - what it does meanwhile, in words, should it end
   * @throws TrialFailure, or ModelServingError `trial-process-ended`
   */
  async ask<Name extends keyof Trial>(
    doing: string,
    name: Name,
    ...values: Parameters<Trial[Name]>
  ): Promise<Awaited<ReturnType<Trial[Name]>>> {
    const answered = once(this.child, 'message');
    // What cannot be sent is not answered: the process ends.
    this.child.send({ ask: name, with: values } as TrialQuestion, () => {});
    const message = await Promise.race([answered, this.ended.then(() => undefined)]);
    this.options.signal.throwIfAborted();
    if (!message) {
      const { path } = this.options;
      throw new ModelServingError([measuringErrors.trialEnded(path, doing, this.how as string, this.log.lines)]);
    }
    const [answer] = message as [TrialAnswer];
    if ('failure' in answer) throw new TrialFailure(answer.failure);
    return answer.answer as Awaited<ReturnType<Trial[Name]>>;
  }

  /** There is nothing in it that must be kept. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
