import type { FastifyInstance } from 'fastify';
import { modelStatistics } from '../protocol/statistics';
import type { AppOptions } from './app';
import { addRoutes, checkModel, modelPaths } from './routes';

export function addStatisticsRoutes(app: FastifyInstance, { model, metrics }: AppOptions): void {
  addRoutes(app, 'GET', ['/v2/models/stats'], {
    handler: (_request, reply) => reply.send(modelStatistics(model, metrics.totals)),
  });
  addRoutes(app, 'GET', modelPaths('/stats'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(modelStatistics(model, metrics.totals));
    },
  });
}
