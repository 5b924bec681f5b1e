import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AppOptions } from './app';
import { RETRY_AFTER_SECONDS } from './errors';
import { addRoutes, checkModel, modelPaths } from './routes';

/**
 * Adds the health routes. Live means that the process responds; ready means that it accepts traffic. Both are answered
 * immediately. Every answer has a body, because clients parse it.
 */
export function addHealthRoutes(app: FastifyInstance, { model, dataPlane }: AppOptions): void {
  const sendReady = (reply: FastifyReply, body: object) => {
    if (!dataPlane.ready) reply.code(503).header('retry-after', RETRY_AFTER_SECONDS);
    return reply.send({ ...body, ready: dataPlane.ready });
  };
  addRoutes(app, 'GET', ['/v2/health/live'], { handler: (_request, reply) => reply.send({ live: true }) });
  addRoutes(app, 'GET', ['/v2/health/ready'], { handler: (_request, reply) => sendReady(reply, {}) });
  addRoutes(app, 'GET', modelPaths('/ready'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return sendReady(reply, { name: model.name });
    },
  });
}
