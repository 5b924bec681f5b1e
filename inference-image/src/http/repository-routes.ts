import type { FastifyInstance } from 'fastify';
import { booleanParameter, objectField } from '../protocol/fields';
import { parseJson } from '../protocol/json';
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
      // Whatever the body says.
      onRequest: async (request) => {
        checkModel(request, model);
        throw repositoryIsFixed(action, model);
      },
      handler: () => undefined,
    });
  }
}

/** The body may be empty. */
function isReadyOnly(body: Buffer | undefined): boolean {
  if (!body?.length) return false;
  const request = objectField(parseJson(body.toString('utf8'), { exactIntegers: false }), 'the request');
  return booleanParameter(request, 'ready', 'request') ?? false;
}
