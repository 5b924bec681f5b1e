import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalid } from '../errors';
import { outcomeOf } from '../metrics/outcome';
import { InferResponseEncoder, type InferResponse } from '../protocol/infer-response';
import type { AppOptions } from './app';
import { checkBodyHeaders, JSON_LENGTH_HEADER } from './bodies';
import { codingFor, compress } from './compression';
import { sendError, toServingError } from './errors';
import { addRoutes, checkModel, modelPaths } from './routes';

declare module 'fastify' {
  interface FastifyRequest {
    /** Milliseconds, as performance.now() counts them. */
    receivedAt: number;
  }
}

const NO_BODY = Buffer.alloc(0);

export function addInferRoutes(app: FastifyInstance, options: AppOptions): void {
  const { model, decoder, dataPlane, metrics } = options;
  const encoder = new InferResponseEncoder(model);
  const secondsSince = (request: FastifyRequest) => (performance.now() - request.receivedAt) / 1000;

  app.decorateRequest('receivedAt', 0);
  addRoutes(app, 'POST', modelPaths('/infer'), {
    onRequest: (request, _reply, done) => {
      request.receivedAt = performance.now();
      checkModel(request, model);
      dataPlane.assertServing();
      checkBodyHeaders(request);
      done();
    },
    handler: async (request, reply) => {
      const infer = decoder.decode((request.body as Buffer | undefined) ?? NO_BODY, jsonLength(request));
      const outputs = await dataPlane.infer(infer, () => request.raw.socket.destroyed);
      const response = encoder.encode(infer, outputs);
      metrics.observeRequest('success', secondsSince(request));
      return sendResponse(request, reply, response);
    },
    errorHandler: (thrown, request, reply) => {
      const error = toServingError(thrown, options);
      // A name that is not served must not make a series.
      if (error.kind !== 'notFound') metrics.observeRequest(outcomeOf(error), secondsSince(request));
      return sendError(reply, error);
    },
  });
}

/** Bytes of JSON before binary data; undefined where the request has none. */
function jsonLength({ headers }: FastifyRequest): number | undefined {
  const value = headers[JSON_LENGTH_HEADER];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  throw invalid(`Inference-Header-Content-Length is ${JSON.stringify(value)}; it must be a number of bytes`);
}

function sendResponse(request: FastifyRequest, reply: FastifyReply, response: InferResponse) {
  if (response.jsonLength === undefined) reply.header('content-type', 'application/json; charset=utf-8');
  else {
    reply.header('content-type', 'application/octet-stream');
    reply.header('Inference-Header-Content-Length', String(response.jsonLength));
  }
  const coding = codingFor(request.headers['accept-encoding'], response.body.length);
  if (!coding) return reply.send(response.body);
  reply.header('content-encoding', coding).header('vary', 'accept-encoding');
  return compress(response.body, coding).then((body) => reply.send(body));
}
