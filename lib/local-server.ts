import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { NODE_ARGUMENTS } from '../inference-image/src/contract/node-arguments';
import type { Settings } from '../inference-image/src/contract/settings';
import type { LocalStage } from './local-stage';

const STOP = 'SIGTERM';

/** The server of a model's image, as a process on this machine. */
export class LocalServer {
  /** @param output - whether the log goes where this process writes, or is left to be read */
  static start(stage: LocalStage, settings: Partial<Settings>, output: 'inherit' | 'pipe' = 'inherit'): LocalServer {
    const child = spawn(process.execPath, [...NODE_ARGUMENTS, stage.server], {
      env: stage.environment(settings),
      stdio: ['ignore', output, output],
      // A group of its own: a terminal's Ctrl-C reaches only this process, which passes it on, once.
      detached: process.platform !== 'win32',
    });
    return new LocalServer(child);
  }

  /** The exit code, once the process has ended; 0 where it was stopped before it could handle signals. */
  readonly exited: Promise<number>;
  private isStopped = false;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise<number>((resolve, reject) => {
      child
        .on('exit', (code, signal) => resolve(code ?? (this.isStopped && signal === STOP ? 0 : 1)))
        .on('error', reject);
    });
  }

  /** What it writes, where that is left to be read. */
  get output(): Readable[] {
    return [this.child.stdout, this.child.stderr].filter((stream) => stream !== null);
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks the server to finish what it has begun and end. */
  stop(): void {
    this.isStopped = true;
    this.child.kill(STOP);
  }
}
