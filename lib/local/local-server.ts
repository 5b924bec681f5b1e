import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { NODE_ARGUMENTS } from '../../inference-image/src/contract/node-process';
import type { Settings } from '../../inference-image/src/contract/settings';
import type { LocalStage } from './local-stage';

const STOP = 'SIGTERM';

/** The server of a model's image, run as a process on this machine. */
export class LocalServer {
  /**
   * @param output - `inherit` writes the log to the streams of this process; `pipe` makes it readable through `output`
   */
  static start(stage: LocalStage, settings: Partial<Settings>, output: 'inherit' | 'pipe' = 'inherit'): LocalServer {
    const child = spawn(process.execPath, [...NODE_ARGUMENTS, stage.server], {
      env: stage.environment(settings),
      stdio: ['ignore', output, output],
      // The server runs in a separate process group, so that Ctrl-C in a terminal reaches only this process, which
      // forwards the signal once.
      detached: process.platform !== 'win32',
    });
    return new LocalServer(child);
  }

  /** Exit code of the process, once it has exited; 0 if it was stopped before it could handle signals. */
  readonly exited: Promise<number>;
  private isStopped = false;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise<number>((resolve, reject) => {
      child
        .on('exit', (code, signal) => resolve(code ?? (this.isStopped && signal === STOP ? 0 : 1)))
        .on('error', reject);
    });
  }

  /** Streams of the server's log; empty if the log is not piped. */
  get output(): Readable[] {
    return [this.child.stdout, this.child.stderr].filter((stream) => stream !== null);
  }

  /** Process id; undefined if the process could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks the server to finish its current work and exit. */
  stop(): void {
    this.isStopped = true;
    this.child.kill(STOP);
  }
}
