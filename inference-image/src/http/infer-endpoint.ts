import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { invalid } from '../errors';
import type { Tensor } from '../inference/tensor';
import { outcomeOf } from '../metrics/outcome';
import type { InferRequest } from '../protocol/infer-request';
import type { InferResponse } from '../protocol/infer-response';
import type { AppOptions } from './app';
import { checkBodyHeaders, decodeBody, JSON_LENGTH_HEADER, readBody } from './bodies';
import { codingFor, compress } from './compression';
import { errorReply, toServingError } from './errors';

/**
 * Answers inference requests. It stands on node:http alone, without Fastify's request and reply: for a small model those
 * would take a fifth of all the time that a request takes.
 */
export class InferEndpoint {
  constructor(private readonly options: AppOptions) {}

  /** @param request One whose path is that of the model. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request, response, this.options);
    try {
      this.options.dataPlane.assertServing();
      checkBodyHeaders(request.headers);
      readBody(request, this.options.maxRequestBytes, exchange.onBody, exchange.fail);
    } catch (error) {
      exchange.fail(error);
    }
  }
}

/** One request and its reply. Steps that need not wait follow each other at once: to await them would only delay them. */
class Exchange {
  private readonly receivedAt = performance.now();
  private at = 0;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly options: AppOptions,
  ) {}

  readonly onBody = (body: Buffer): void => {
    try {
      const { 'content-encoding': coding } = this.request.headers;
      this.step(decodeBody(body, coding, this.options.maxRequestBytes), this.decode);
    } catch (error) {
      this.fail(error);
    }
  };

  readonly fail = (thrown: unknown): void => {
    const { metrics } = this.options;
    const error = toServingError(thrown, this.options, this.request);
    metrics.observeRequest(outcomeOf(error), (performance.now() - this.receivedAt) / 1000);
    const { status, headers, body } = errorReply(error);
    // What is left of a body that is not read could only be taken for the next request.
    if (!this.request.complete) headers.connection = 'close';
    this.response.writeHead(status, headers).end(body);
  };

  private readonly decode = (body: Buffer): void => {
    this.at = performance.now();
    this.step(this.options.codec.decode(body, jsonLength(this.request.headers)), this.infer);
  };

  private readonly infer = (infer: InferRequest): void => {
    const { dataPlane, metrics } = this.options;
    metrics.observeDecode((performance.now() - this.at) / 1000);
    const { socket } = this.request;
    const deadline = infer.timeoutSeconds && this.receivedAt + infer.timeoutSeconds * 1000;
    const outputs = dataPlane.infer(infer, { isCancelled: () => socket.destroyed, deadline });
    this.step(outputs, (tensors) => this.encode(infer, tensors));
  };

  private encode(infer: InferRequest, outputs: readonly Tensor[]): void {
    this.at = performance.now();
    this.step(this.options.codec.encode(infer, outputs), this.compress);
  }

  private readonly compress = (encoded: InferResponse): void => {
    const { 'accept-encoding': accepted } = this.request.headers;
    const coding = codingFor(accepted, encoded.body.length);
    if (!coding) return this.send(encoded);
    this.step(compress(encoded.body, coding), (body) => this.send({ ...encoded, body }, coding));
  };

  private send({ body, jsonLength }: InferResponse, coding?: string): void {
    const { metrics } = this.options;
    const now = performance.now();
    metrics.observeEncode((now - this.at) / 1000);
    metrics.observeRequest('success', (now - this.receivedAt) / 1000);
    const headers: Record<string, string | number> =
      jsonLength === undefined
        ? { 'content-type': 'application/json; charset=utf-8' }
        : { 'content-type': 'application/octet-stream', 'Inference-Header-Content-Length': jsonLength };
    if (coding !== undefined) {
      headers['content-encoding'] = coding;
      headers.vary = 'accept-encoding';
    }
    headers['content-length'] = Buffer.byteLength(body);
    this.response.writeHead(200, headers).end(body);
  }

  private step<T>(value: T | Promise<T>, next: (value: T) => void): void {
    if (value instanceof Promise) value.then(next).catch(this.fail);
    else next(value);
  }
}

/** Bytes of JSON before binary data; undefined where the request has none. */
function jsonLength(headers: IncomingHttpHeaders): number | undefined {
  const value = headers[JSON_LENGTH_HEADER];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  throw invalid(`Inference-Header-Content-Length is ${JSON.stringify(value)}; it must be a number of bytes`);
}
