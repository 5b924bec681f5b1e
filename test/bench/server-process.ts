import { join } from 'node:path';
import { NODE_ARGUMENTS, RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { settingsEnvironment } from '../../inference-image/src/contract/settings';

/** Arguments and environment that start our server on a staged context, on free ports and with one runtime thread. */
export function serverProcess(context: string, settings: Parameters<typeof settingsEnvironment>[0]) {
  return {
    args: [...NODE_ARGUMENTS, join(context, 'app/server.cjs')],
    env: {
      ...RUNTIME_ENVIRONMENT,
      ...settingsEnvironment({
        modelFolder: join(context, 'model'),
        host: '127.0.0.1',
        httpPortNumber: 0,
        grpcPortNumber: 0,
        metricsPortNumber: 0,
        threadsPerExecutor: 1,
        ...settings,
      }),
    },
  };
}
