import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Settings, settingsEnvironment } from '../inference-image/src/contract/settings';
import { BuildContext, modelFiles } from './image/build-context';
import { localServerFiles } from './image/server-files';
import type { OnnxModel } from './model/onnx-model';

/** The server and the files of a model's image, as a process on this machine. */
export class LocalServer {
  static start(
    model: OnnxModel,
    settings: Partial<Settings> = {},
    stdout: 'inherit' | 'pipe' = 'inherit',
  ): LocalServer {
    const folder = mkdtempSync(join(tmpdir(), 'model-serving-'));
    new BuildContext([...localServerFiles(), ...modelFiles(model)]).stage(folder);
    const env = settingsEnvironment({
      host: '127.0.0.1',
      drainSeconds: 0,
      ...settings,
      modelFolder: join(folder, 'model'),
      expectedSha256: model.sha256,
    });
    const child = spawn(process.execPath, [join(folder, 'app', 'server.cjs')], {
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout, 'inherit'],
    });
    return new LocalServer(child, folder);
  }

  /** The exit code, once the process has ended and its files are removed. */
  readonly exited: Promise<number>;

  private constructor(
    readonly process: ChildProcess,
    folder: string,
  ) {
    this.exited = once(this.process, 'exit').then(([code]) => {
      rmSync(folder, { recursive: true, force: true });
      return (code as number | null) ?? 1;
    });
  }

  /** Asks the server to finish what it has begun and end. */
  stop(): void {
    this.process.kill('SIGTERM');
  }
}
