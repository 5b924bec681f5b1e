import type { FastifyInstance, FastifyRequest } from 'fastify';
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
      const { receivedAt } = request;
      const bodyAt = performance.now();
      const infer = decoder.decode((request.body as Buffer | undefined) ?? NO_BODY, jsonLength(request));
      metrics.observeDecode((performance.now() - bodyAt) / 1000);
      const outputs = await dataPlane.infer(infer, {
        isCancelled: () => request.raw.socket.destroyed,
        deadline: infer.timeoutSeconds && receivedAt + infer.timeoutSeconds * 1000,
      });
      const outputsAt = performance.now();
      const { body, headers } = await contentOf(encoder.encode(infer, outputs), request.headers['accept-encoding']);
      const repliedAt = performance.now();
      metrics.observeEncode((repliedAt - outputsAt) / 1000);
      metrics.observeRequest('success', (repliedAt - receivedAt) / 1000);
      return reply.headers(headers).send(body);
    },
    errorHandler: (thrown, request, reply) => {
      const error = toServingError(thrown, options, request);
      // A name that is not served must not make a series.
      if (error.kind !== 'notFound')
        metrics.observeRequest(outcomeOf(error), (performance.now() - request.receivedAt) / 1000);
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

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

interface Content {
  readonly body: string | Buffer;
  readonly headers: Record<string, string>;
}

/** The body as the client wants it. */
function contentOf(
  { body, jsonLength }: InferResponse,
  acceptEncoding: string | undefined,
): Content | Promise<Content> {
  const headers = jsonLength === undefined ? JSON_HEADERS : binaryHeaders(jsonLength);
  const coding = codingFor(acceptEncoding, body.length);
  if (!coding) return { body, headers };
  const codedHeaders = { ...headers, 'content-encoding': coding, vary: 'accept-encoding' };
  return compress(body, coding).then((compressed) => ({ body: compressed, headers: codedHeaders }));
}

function binaryHeaders(jsonLength: number): Record<string, string> {
  return { 'content-type': 'application/octet-stream', 'Inference-Header-Content-Length': String(jsonLength) };
}
