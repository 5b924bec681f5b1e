import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Trial, TrialAnswer, TrialQuestion } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../base/errors';
import { packageRoot } from '../base/package-root';
import { bundleErrors } from '../base/server-files';
import type { LocalStage } from '../local/local-stage';
import { measuringErrors } from './measuring-errors';

/** Failure of a single call. The trial process continues. */
export class TrialFailure extends Error {}

export interface TrialOptions {
  readonly stage: LocalStage;
  /** Path of the model; used in messages. */
  readonly path: string;
  /** Sizes of free dimensions, keyed by symbol or by `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Kills the process immediately. */
  readonly signal: AbortSignal;
}

/** The process that measures a model. */
export class TrialProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly log: LastLines;
  private how?: string;

  constructor(private readonly options: TrialOptions) {
    const program = join(packageRoot, 'dist', 'inference-image', 'profile-program.cjs');
    if (!existsSync(program)) throw new ModelServingError([bundleErrors.bundleMissing(program)]);
    const { stage, dimensions, signal } = options;
    this.child = fork(program, [JSON.stringify(dimensions)], {
      env: stage.environment(),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      // Like the server, the child must not receive a terminal's Ctrl-C. The parent receives it and kills the child.
      detached: process.platform !== 'win32',
    });
    signal.addEventListener('abort', () => this.child.kill('SIGKILL'));
    this.log = new LastLines([this.child.stderr as Readable]);
    this.ended = once(this.child, 'close').then(([code, name]) => (this.how = name ?? `exit code ${code}`));
  }

  /**
   * @param activity - what the process does in this call; used in the message if the process terminates
   * @throws TrialFailure, or ModelServingError `trial-process-ended`
   */
  async call<Name extends keyof Trial>(
    activity: string,
    name: Name,
    ...values: Parameters<Trial[Name]>
  ): Promise<Awaited<ReturnType<Trial[Name]>>> {
    const answered = once(this.child, 'message');
    // If the call cannot be sent, the process is exiting, and no answer will come.
    this.child.send({ ask: name, with: values } as TrialQuestion, () => {});
    const message = await Promise.race([answered, this.ended.then(() => undefined)]);
    this.options.signal.throwIfAborted();
    if (!message) {
      const { path } = this.options;
      throw new ModelServingError([measuringErrors.trialEnded(path, activity, this.how as string, this.log.lines)]);
    }
    const [answer] = message as [TrialAnswer];
    if ('failure' in answer) throw new TrialFailure(answer.failure);
    return answer.answer as Awaited<ReturnType<Trial[Name]>>;
  }

  /** Kills the process, which has nothing to save. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Number of log lines that an error quotes. */
const MAX_LINES = 5;

/** Keeps the last lines of a process's output. */
export class LastLines {
  readonly lines: string[] = [];

  /** @param onLine - called for each line */
  constructor(streams: readonly Readable[], onLine: (line: string) => void = () => {}) {
    for (const input of streams) {
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.lines.shift();
        onLine(line);
      });
    }
  }
}
