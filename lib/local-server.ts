import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SETTING_PREFIX, type Settings, settingsEnvironment } from '../inference-image/src/contract/settings';
import { cacheFolder } from './cache';
import { BuildContext, modelFiles } from './image/build-context';
import { localServerFiles } from './image/server-files';
import type { OnnxModel } from './model/onnx-model';

/** The server and the files of a model's image, as a process on this machine. */
export class LocalServer {
  /** @throws ModelServingError where this machine has no runtime */
  static start(model: OnnxModel, settings: Partial<Settings>): LocalServer {
    const folder = stagingFolder();
    try {
      new BuildContext([...localServerFiles(), ...modelFiles(model)]).stage(folder);
      const env = settingsEnvironment({
        drainSeconds: 0,
        ...settings,
        modelFolder: join(folder, 'model'),
        expectedSha256: model.sha256,
      });
      const child = spawn(process.execPath, [join(folder, 'app', 'server.cjs')], {
        env: { ...environmentWithoutSettings(), ...env },
        stdio: ['ignore', 'inherit', 'inherit'],
        // A group of its own: a terminal's Ctrl-C reaches only this process, which passes it on, once.
        detached: process.platform !== 'win32',
      });
      return new LocalServer(child, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The exit code, once the process has ended and its files are removed. */
  readonly exited: Promise<number>;

  private constructor(
    private readonly child: ChildProcess,
    folder: string,
  ) {
    const ended = new Promise<number>((resolve, reject) => {
      child.on('exit', (code) => resolve(code ?? 1)).on('error', reject);
    });
    this.exited = ended.finally(() => rmSync(folder, { recursive: true, force: true }));
  }

  /** Asks the server to finish what it has begun and end. */
  stop(): void {
    this.child.kill('SIGTERM');
  }
}

/** In the user's cache and not in a temporary folder: that is more often where the model can be linked and not copied. */
function stagingFolder(): string {
  mkdirSync(cacheFolder(), { recursive: true });
  return mkdtempSync(join(cacheFolder(), 'serve-'));
}

/** This shell's own MODEL_SERVING_ variables are meant for other servers. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(SETTING_PREFIX)));
}
