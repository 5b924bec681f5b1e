import { join } from 'node:path';
import { staged } from '../models';
import { serverProcess } from '../server-process';
import { v2Binary, v2Json } from './exchange';
import type { Subject } from './subject';

/** Name that the server under test has in the tables. */
export const OURS = 'ours';

/** Our server on a staged context, with its defaults, but with one runtime thread as in all other subjects. */
export const ours: Subject = {
  name: OURS,
  command(model, port) {
    const { name } = model;
    return {
      command: process.execPath,
      ...serverProcess(staged(model.file), { httpPortNumber: port, logLevel: 'warn' }),
      exchanges: { JSON: v2Json(name, model), binary: v2Binary(name, model) },
    };
  },
};

/** Bare node:http server that calls the runtime in the request handler. */
export const bare: Subject = {
  name: 'bare node:http',
  command: (model, port) => ({
    command: process.execPath,
    args: [join(__dirname, '../bare-server.cjs'), model.file],
    env: { PORT: String(port) },
    exchanges: { JSON: v2Json('m', model) },
  }),
};
