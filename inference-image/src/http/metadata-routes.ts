import type { FastifyInstance } from 'fastify';
import { modelConfig } from '../protocol/model-config';
import { modelMetadata, SERVER_METADATA } from '../protocol/metadata';
import type { AppOptions } from './app';
import { addRoutes, checkModel, modelPaths } from './routes';

export function addMetadataRoutes(app: FastifyInstance, { model, tuning }: AppOptions): void {
  const metadata = modelMetadata(model);
  addRoutes(app, 'GET', ['/v2'], { handler: (_request, reply) => reply.send(SERVER_METADATA) });
  addRoutes(app, 'GET', modelPaths(''), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(metadata);
    },
  });
  addRoutes(app, 'GET', modelPaths('/config'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(modelConfig(model, tuning));
    },
  });
}
