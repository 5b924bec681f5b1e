import type { FastifyInstance } from 'fastify';
import { invalid } from '../base/errors';
import { booleanParameter, objectField } from '../base/fields';
import { parseJson } from '../json/json';
import { repositoryIndex, repositoryIsFixed } from '../protocol/repository';
import type { AppOptions } from './app';
import { addRoutes, checkModel } from './routes';

export function addRepositoryRoutes(app: FastifyInstance, { model, dataPlane }: AppOptions): void {
  addRoutes(app, 'POST', ['/v2/repository/index'], {
    handler: ({ body }, reply) =>
      reply.send(repositoryIndex(model, dataPlane, isReadyOnly(body as Buffer | undefined))),
  });
  for (const action of ['load', 'unload'] as const) {
    addRoutes(app, 'POST', [`/v2/repository/models/:model/${action}`], {
      // Refused regardless of the body.
      onRequest: async (request) => {
        checkModel(request, model);
        throw repositoryIsFixed(action, model);
      },
      handler: () => undefined,
    });
  }
}

/** Limit on the objects and arrays in a body; `{"ready": true}` needs one. */
const MAX_OPENED = 100;

/** Reads `ready` from the body, which may be empty. */
function isReadyOnly(body: Buffer | undefined): boolean {
  if (!body?.length) return false;
  const opened = body.reduce((count, byte) => count + Number(byte === 0x7b || byte === 0x5b), 0);
  if (opened > MAX_OPENED) {
    throw invalid(`the request has ${opened} objects and arrays; it may contain only {"ready": true}`);
  }
  const request = objectField(parseJson(body.toString('utf8'), { exactIntegers: false }), 'the request');
  return booleanParameter(request, 'ready', 'request') ?? false;
}
