import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { SETTING_PREFIX, type Settings, settingsEnvironment } from '../../inference-image/src/contract/settings';
import { temporaryCacheFolder } from '../base/cache';
import { BuildContext, modelFiles } from '../container-image/build-context';
import { localServerFiles } from '../base/server-files';
import type { Model } from '../model/model';

/** The server and the files of a model's image, staged on this machine. */
export class LocalStage {
  /** @throws ModelServingError if this machine has no runtime, or no folder for the files */
  static of(model: Model): LocalStage {
    // Uses the cache folder, because the system's temporary folder is often on a different file system, where the model
    // would have to be copied instead of linked.
    const stage = new LocalStage(temporaryCacheFolder('serve-'), model.sha256);
    try {
      new BuildContext([...localServerFiles(model), ...modelFiles(model)]).stage(stage.folder);
      return stage;
    } catch (error) {
      stage.remove();
      throw error;
    }
  }

  private constructor(
    private readonly folder: string,
    private readonly sha256: string,
  ) {}

  /** Path of the server's program. */
  get server(): string {
    return join(this.folder, 'app', 'server.cjs');
  }

  /** Environment for the server: that of this process, with its server settings replaced by `settings`. */
  environment(settings: Partial<Settings> = {}): NodeJS.ProcessEnv {
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith(SETTING_PREFIX));
    const own = settingsEnvironment({
      drainSeconds: 0,
      ...settings,
      modelFolder: join(this.folder, 'model'),
      expectedSha256: this.sha256,
    });
    return { ...RUNTIME_ENVIRONMENT, ...Object.fromEntries(others), ...own };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
