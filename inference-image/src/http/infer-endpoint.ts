import { quoted } from '../base/cut-text';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { headerBytes, type Holding } from '../budget/memory-budget';
import type { SizeLimit } from '../budget/body-parts';
import { pictureFormat } from '../contract/picture-input';
import { invalid, ServingError } from '../base/errors';
import { isForm } from '../pictures/picture-header';
import type { Caller } from '../inference/job';
import type { Tensor } from '../tensor/tensor';
import type { InferRequest } from '../protocol/request';
import { jsonTooLong } from '../protocol/infer-request';
import type { InferResponse } from '../protocol/infer-response';
import { type AnswerForm, TensorAnswers } from './answer-forms';
import type { AppOptions } from './app-options';
import {
  type BodyReader,
  codingOf,
  inferenceLimit,
  isPictureType,
  isPlain,
  JSON_LENGTH_HEADER,
  readBody,
} from './bodies';
import { codingFor, compress, compressionBytes, isWorthCompressing } from './compression';
import { errorReply, refuse, toServingError } from './errors';
import { onceClosed } from './answers';

/**
 * Answers inference requests directly with node:http, because Fastify's request and reply would account for a fifth of
 * the time of a request for a small model.
 */
export class InferEndpoint {
  readonly limit: SizeLimit;
  readonly tensorAnswers: AnswerForm;

  constructor(readonly options: AppOptions) {
    this.tensorAnswers = new TensorAnswers(options.codec);
    this.limit = inferenceLimit(options.maxRequestBytes);
  }

  /** Answers one request. @param request Request for an inference path of the served model. */
  handle(request: IncomingMessage, response: ServerResponse, form = this.tensorAnswers): void {
    new Exchange(request, response, this, form).start();
  }
}

/**
 * One request and its reply. Synchronous steps follow each other directly, because awaiting them would only add delay.
 */
class Exchange implements Caller, BodyReader {
  deadline?: number;
  waitsSince?: number;
  holding?: Holding;
  private readonly receivedAt = performance.now();
  private readonly options: AppOptions;
  private stepAt = 0;
  private infer?: InferRequest;
  private bodyBytes = 0;
  /** Whether the body is being processed; until that ends, its memory is in use even if the client has disconnected. */
  private isWorking = false;
  private isClosed = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly endpoint: InferEndpoint,
    private readonly form: AnswerForm,
  ) {
    this.options = endpoint.options;
  }

  isCancelled(): boolean {
    return this.request.socket.destroyed;
  }

  start(): void {
    const { dataPlane, unread } = this.options;
    try {
      dataPlane.assertServing();
      unread.assertRoom(this.request.socket);
      const { headers } = this.request;
      // With a picture, the header has an error of its own.
      if (!isPictureType(headers['content-type'])) checkLengths(headers);
    } catch (error) {
      return this.fail(error);
    }
    readBody(this.request, this.endpoint.limit, this);
  }

  hold(): Holding {
    const holding = (this.holding = this.options.budget.open(headerBytes(this.request.rawHeaders)));
    onceClosed(this.request, this.response, () => {
      this.isClosed = true;
      if (!this.isWorking) holding.release();
    });
    return holding;
  }

  done(error: unknown, body?: Buffer): void {
    if (!body) return this.fail(error);
    this.isWorking = true;
    this.attempt(this.decompress, body);
  }

  private decompress(body: Buffer): void {
    const { 'content-encoding': encoding } = this.request.headers;
    if (isPlain(encoding)) return this.decode(body);
    const { limit } = this.endpoint;
    const holding = this.holding as Holding;
    const compressedBytes = body.length;
    this.step(
      this.options.inflater.inflate({
        bytes: body,
        coding: codingOf(encoding),
        limit,
        holding,
        isCancelled: () => this.isCancelled(),
      }),
      (plain) => {
        holding.subtract(compressedBytes);
        this.decode(plain);
      },
    );
  }

  private decode(body: Buffer): void {
    this.stepAt = performance.now();
    this.bodyBytes = body.length;
    const { codec, pictures } = this.options;
    const holding = this.holding as Holding;
    if (!pictures || !this.isPicture(body)) {
      if (!pictures) checkContent(body, this.request.headers);
      return this.step(codec.decode(body, jsonLength(this.request.headers), holding), this.run);
    }
    checkPictureHeaders(this.request.headers);
    const decoded = pictures.decode(body, () => this.isCancelled(), holding);
    this.step(decoded, this.run);
  }

  /**
   * Whether a body is a picture. Its bytes decide, not its content type, because `curl --data-binary` labels everything
   * as a form.
   */
  private isPicture(body: Buffer): boolean {
    const { headers } = this.request;
    if (isJson(body)) return false;
    return headers[JSON_LENGTH_HEADER] === undefined || isPictureType(headers['content-type']);
  }

  private run(infer: InferRequest): void {
    const { dataPlane, metrics } = this.options;
    this.holding?.subtract(this.bodyBytes);
    metrics.observeDecode((performance.now() - this.stepAt) / 1000);
    this.infer = this.form.prepare(infer);
    if (infer.waitedSeconds !== undefined) this.waitsSince = performance.now() - infer.waitedSeconds * 1000;
    if (infer.timeoutSeconds !== undefined) this.deadline = this.receivedAt + infer.timeoutSeconds * 1000;
    this.step(dataPlane.infer(this.infer, this), this.encode);
  }

  private encode(outputs: readonly Tensor[]): void {
    this.stepAt = performance.now();
    this.step(this.form.encode(this.infer as InferRequest, outputs, this.holding as Holding), this.compress);
  }

  private compress(encoded: InferResponse): void {
    if (!isWorthCompressing(encoded.body.length)) return this.reply(encoded);
    this.response.appendHeader('vary', 'accept-encoding');
    const coding = codingFor(this.request.headers['accept-encoding']);
    if (!coding || !this.hasRoom(compressionBytes(encoded.body.length))) return this.reply(encoded);
    this.step(compress(encoded.body, coding), (body: Buffer) => this.reply({ ...encoded, body }, coding));
  }

  /** Reserves memory if there is room; returns whether there was. */
  private hasRoom(bytes: number): boolean {
    try {
      this.holding?.add(bytes);
      return true;
    } catch {
      return false;
    }
  }

  private reply({ body, jsonLength }: InferResponse, coding?: string): void {
    const { metrics, unread } = this.options;
    unread.assertFits(body.length);
    const now = performance.now();
    unread.sent(this.request.socket, body.length);
    metrics.observeEncode((now - this.stepAt) / 1000);
    metrics.observeRequest('success', (now - this.receivedAt) / 1000);
    const headers: Record<string, string | number> =
      jsonLength === undefined
        ? { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) }
        : {
            'content-type': 'application/octet-stream',
            'content-length': body.length,
            'Inference-Header-Content-Length': jsonLength,
          };
    if (coding !== undefined) headers['content-encoding'] = coding;
    this.infer = undefined;
    this.response.writeHead(200, headers).end(body);
    this.endWork();
    // Part of the answer stays unsent until the client reads, or until earlier replies are sent.
    if (!this.isClosed && !(this.response.socket?.writableLength === 0)) this.waitForReading();
  }

  private waitForReading(): void {
    const { socket } = this.request;
    this.holding?.waitForClient(() => {
      this.options.metrics.observeDrop('unread');
      socket.destroy();
    });
  }

  private fail(thrown: unknown): void {
    this.endWork();
    this.holding?.release();
    // The request may already have been refused; its remaining steps may then fail as well.
    if (this.response.headersSent) return;
    const error = toServingError(thrown, this.options, this.request);
    this.options.metrics.observeError(error, (performance.now() - this.receivedAt) / 1000);
    refuse(this.request, this.response, errorReply(error));
  }

  private endWork(): void {
    this.isWorking = false;
    if (this.isClosed) this.holding?.release();
  }

  private step<T>(value: T | Promise<T>, next: (this: this, value: T) => void): void {
    if (!(value instanceof Promise)) return next.call(this, value);
    value.then(
      (result) => {
        if (this.isClosed)
          this.fail(new ServingError('cancelled', 'the client disconnected before the response was sent'));
        else this.attempt(next, result);
      },
      (error: unknown) => this.fail(error),
    );
  }

  private attempt<T>(next: (this: this, value: T) => void, value: T): void {
    try {
      next.call(this, value);
    } catch (error) {
      this.fail(error);
    }
  }
}

/**
 * Whether a body begins like a JSON request. A body that is neither JSON nor a picture is reported as an invalid
 * picture.
 */
function isJson(body: Buffer): boolean {
  return /^(?:ï»¿)?\s*\{/.test(body.toString('latin1', 0, 64));
}

const OPEN_OBJECT = 0x7b;

/**
 * Throws a specific error for a body that is not JSON: a picture, a body with the content type of a picture, a form, or
 * gzip data without its header.
 */
function checkContent(body: Buffer, headers: IncomingHttpHeaders): void {
  if (body[0] === OPEN_OBJECT || headers[JSON_LENGTH_HEADER] !== undefined || isJson(body)) return;
  if (isGzip(body)) throw invalid('the body is gzip data; add the header Content-Encoding: gzip');
  if (isForm(body))
    throw invalid('the body is a form; send the request itself as the body, as curl --data-binary does');
  const { 'content-type': type = '' } = headers;
  const format = pictureFormat(body);
  if (!format && !type.startsWith('image/')) return;
  const description = format ? `a ${format.toUpperCase()} file` : quoted(type);
  throw new ServingError('unsupportedMedia', `the model accepts no pictures, but the body is ${description}`);
}

/** https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
function isGzip(body: Buffer): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

/** Throws if a request with a picture has the header for binary tensor data. */
function checkPictureHeaders(headers: IncomingHttpHeaders): void {
  const value = headers[JSON_LENGTH_HEADER];
  if (value === undefined) return;
  const given = `Inference-Header-Content-Length is ${quoted(String(value))}`;
  throw invalid(`${given}, but the body is a picture without JSON before it; remove the header`);
}

/** Throws if the header for binary tensor data is invalid, whatever the body is. */
function checkLengths(headers: IncomingHttpHeaders): void {
  const json = jsonLength(headers);
  const { 'content-length': length, 'content-encoding': encoding } = headers;
  if (json !== undefined && isPlain(encoding) && json > Number(length)) throw jsonTooLong(json, Number(length));
}

/** Number of bytes of JSON before the binary data; undefined if there is no binary data. */
function jsonLength(headers: IncomingHttpHeaders): number | undefined {
  const value = headers[JSON_LENGTH_HEADER];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  throw invalid(`Inference-Header-Content-Length is ${quoted(String(value))}; it must be a number of bytes`);
}
