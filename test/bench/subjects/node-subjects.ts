import { join } from 'node:path';
import { NODE_ARGUMENTS } from '../../../inference-image/src/contract/node-arguments';
import { RUNTIME_ENVIRONMENT } from '../../../inference-image/src/contract/runtime-environment';
import { settingsEnvironment } from '../../../inference-image/src/contract/settings';
import { staged } from '../models';
import { v2Binary, v2Json } from './exchange';
import type { Subject } from './subject';

/** What the server under test is called in the tables. */
export const OURS = 'ours';

/** Our server on a staged context: its defaults, and one thread for the runtime as all others have. */
export const ours: Subject = {
  name: OURS,
  command(model, port) {
    const context = staged(model.file);
    const { name } = model;
    return {
      command: process.execPath,
      args: [...NODE_ARGUMENTS, join(context, 'app/server.cjs')],
      env: { ...RUNTIME_ENVIRONMENT, ...oursEnvironment(context, { httpPortNumber: port }) },
      exchanges: { JSON: v2Json(name, model), binary: v2Binary(name, model) },
    };
  },
};

export function oursEnvironment(context: string, settings: Parameters<typeof settingsEnvironment>[0]) {
  return settingsEnvironment({
    modelFolder: join(context, 'model'),
    host: '127.0.0.1',
    httpPortNumber: 0,
    grpcPortNumber: 0,
    metricsPortNumber: 0,
    threadsPerExecutor: 1,
    logLevel: 'warn',
    ...settings,
  });
}

/** node:http with the runtime called on the spot. */
export const bare: Subject = {
  name: 'bare node:http',
  command: (model, port) => ({
    command: process.execPath,
    args: [join(__dirname, '../bare-server.cjs'), model.file],
    env: { PORT: String(port) },
    exchanges: { JSON: v2Json('m', model) },
  }),
};
