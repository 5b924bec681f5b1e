import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { inflateAtOnce, clientGone, type Coding } from '../../budget/inflater';
import type { Holding } from '../../budget/memory-budget';
import { invalid, ServingError } from '../../base/errors';
import { statusOf, type Status } from './status';
import { ANSWER_HEADERS, checkEncoding, OK_TRAILERS, statusHeaders, statusTrailers, timeoutMs } from './headers';
import type { Connection } from './connection';
import type { CallContext, OpenCall } from './call-context';
import { inflationLimit, MessageReader } from './message-reader';
import type { Method, ServerCall } from './method';
import { CALL_WORK } from './turns';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/** Bytes that a client may send while the server does not read: the HTTP/2 window, which Node buffers. */
const WINDOW_BYTES = 64 * 1024;
/** Answers below this size are nearly always sent immediately. */
const SMALL_ANSWER_BYTES = 64 * 1024;

/** Delay between a status and the reset of its stream, because HTTP/2 drops unsent data when a stream is reset. */
const RESET_DELAY_SECONDS = 0.1;

/**
 * - `receiving`: waits for a message or the rest of it
 * - `working`: the method handles a message
 * - `answering`: the answer, or the latest answer of a stream, is in transit
 * - `over`: the status of the call is in transit, or the stream was reset
 */
type Phase = 'receiving' | 'working' | 'answering' | 'over';

/** One call: an HTTP/2 stream with one message and one answer, or with many of both if the method is streaming. */
export class Call implements ServerCall, OpenCall {
  readonly receivedAt = performance.now();
  deadline?: number;
  holding?: Holding;
  private readonly reader: MessageReader;
  private readonly encoding: unknown;
  private phase: Phase = 'receiving';
  private phaseAt = this.receivedAt;
  /** Bytes received after the current message. */
  private rest?: Buffer;
  private hasEnded = false;
  private isClosed = false;
  /** Whether the message is being decompressed, or the method has not answered yet. */
  private isWorking = false;
  /** Whether the answer has not been handed to the operating system yet. */
  private isUnflushed = false;
  private wasReset = false;
  /** Error with which the transport ended the call. */
  private refusal?: ServingError;
  private isWatch = false;
  private trailers: OutgoingHttpHeaders = OK_TRAILERS;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly method: Method,
    headers: IncomingHttpHeaders,
    /** Uncompressed bytes of the call's headers. */
    private readonly headerBytes: number,
    private readonly context: CallContext,
    readonly connection: Connection | undefined,
  ) {
    this.reader = new MessageReader(method);
    this.encoding = headers['grpc-encoding'] ?? 'identity';
    context.calls.add(this);
    context.idle.add(this);
  }

  /** Reads the deadline from the headers. */
  open(headers: IncomingHttpHeaders): void {
    try {
      const timeout = timeoutMs(headers);
      if (timeout !== undefined) this.deadline = this.receivedAt + timeout;
    } catch (error) {
      this.refuse(error);
    }
  }

  isCancelled(): boolean {
    return this.isClosed || this.phase === 'over' || this.stream.closed || this.stream.destroyed;
  }

  /** Receives a chunk of the client's messages. */
  receive(chunk: Buffer): void {
    this.connection?.receive(chunk.length);
    this.read(chunk);
  }

  private read(chunk: Buffer): void {
    // Data that arrives after the end of a call is discarded.
    if (this.phase === 'over') return;
    try {
      this.take(chunk);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Handles the end of the client's messages. */
  end(): void {
    this.hasEnded = true;
    if (this.phase === 'receiving') this.proceed();
  }

  releaseMessage(): void {
    this.reader.clear(this.holding);
  }

  answer(frame: Buffer, isCounted = false): void {
    this.isWorking = false;
    if (this.isCancelled()) return this.over();
    try {
      if (!isCounted) this.holding?.add(frame.length);
    } catch (error) {
      return this.fail(this.context.toServingError(error));
    }
    this.enter('answering');
    this.isUnflushed = true;
    this.respond();
    if (this.connection) this.context.unread?.sent(this.connection.socket, frame.length);
    this.stream.write(frame, this.onFlushed);
    if (!this.method.isStream) this.stream.end();
    if (frame.length > SMALL_ANSWER_BYTES) this.waitForClient();
  }

  push(frame: Buffer): boolean {
    this.isWorking = false;
    if (this.isCancelled() || this.stream.writableLength > 0) return false;
    this.isWatch = true;
    this.respond();
    this.stream.write(frame);
    return true;
  }

  fail(error: ServingError, code?: number): void {
    this.isWorking = false;
    this.failWith(statusOf(error, code));
  }

  /** Refuses a request that is not gRPC. @param httpStatus HTTP status of the answer. */
  failAsHttp(httpStatus: number): void {
    this.stream.respond({ ':status': httpStatus }, { endStream: true });
    this.over();
  }

  /** Ends a call that waits for its client, because another call needs the memory. */
  makeRoom(): void {
    if (this.isClosed) return;
    // The client has not yet read the answer or the status of this call.
    if (this.phase === 'over' || this.isUnflushed) return this.connection?.end();
    this.refuse(new ServingError('rejected', 'too many calls are waiting for their clients'));
  }

  shutDown(): void {
    const isOpen = this.method.isStream ? this.phase === 'receiving' : this.isWatch;
    if (isOpen) this.failWith(statusOf(new ServingError('unavailable', 'the server is shutting down')));
  }

  sweep(now: number): void {
    const { receiveTimeoutSeconds, sendTimeoutSeconds } = this.context;
    const seconds = (now - this.phaseAt) / 1000;
    if (this.phase === 'over' || this.phase === 'answering') {
      if (this.isUnflushed) this.waitForClient();
      if (this.phase === 'over' && seconds > RESET_DELAY_SECONDS) this.stopClient();
      // A call whose client has disconnected ends once its work is finished.
      if (!this.isWorking && (seconds > sendTimeoutSeconds || this.wasReset)) this.drop();
    } else if (this.deadline !== undefined && now > this.deadline) {
      this.refuse(new ServingError('timeout', 'the deadline of the call has passed'));
    } else if (this.phase === 'receiving' && (this.holding || !this.method.isStream)) {
      this.waitForClient();
      if (seconds > receiveTimeoutSeconds) {
        const limit = `${receiveTimeoutSeconds} s (receiveTimeoutSeconds)`;
        this.refuse(new ServingError('unfinished', `the message was still incomplete after ${limit}`));
      }
    }
  }

  /** Asks a client that is still sending to stop: https://www.rfc-editor.org/rfc/rfc9113#section-8.1-9 */
  private stopClient(): void {
    if (!this.hasEnded && !this.stream.closed) this.reset(NGHTTP2_NO_ERROR);
  }

  /** Handles the closing of the stream by either side. */
  close(): void {
    this.isClosed = true;
    this.context.idle.delete(this);
    if (this.phase !== 'answering') this.over();
    else this.settle();
  }

  /** Sends the trailers, which end the answer. */
  sendTrailers(): void {
    this.stream.sendTrailers(this.trailers);
  }

  private take(chunk: Buffer): void {
    if (this.phase !== 'receiving') return this.keep(chunk);
    if (this.method.isCounted !== false && !this.holding) {
      this.holding = this.context.budget.open(this.headerBytes);
      this.context.idle.delete(this);
      this.phaseAt = performance.now();
    }
    const { reader } = this;
    const taken = reader.content ? 0 : reader.push(chunk, this.holding);
    if (reader.isCompressed) checkEncoding(this.encoding);
    if (taken < chunk.length) this.keep(chunk.subarray(taken));
    if (reader.content) this.complete(reader.content);
    else this.waitForClient();
  }

  /** Keeps the bytes after a message until the message is answered. */
  private keep(rest: Buffer): void {
    if (!this.method.isStream) throw invalid(`${this.method.path} accepts one message`);
    this.holding?.add(rest.length);
    this.rest = this.rest ? Buffer.concat([this.rest, rest]) : Buffer.from(rest);
  }

  private complete(content: Buffer): void {
    this.holding?.stopWaiting();
    if (this.method.isStream) {
      this.holding?.add(WINDOW_BYTES);
      this.stream.pause();
    }
    if (this.reader.isCompressed) this.inflate(content);
    else this.proceed();
  }

  private inflate(content: Buffer): void {
    const { method, holding } = this;
    const coding = this.encoding as Coding;
    const limit = inflationLimit(method);
    if (!holding) return this.replace(inflateAtOnce(content, coding, limit));
    const message = this.context.inflater.inflate({
      bytes: content,
      coding,
      limit,
      holding,
      isCancelled: () => this.isCancelled(),
    });
    if (!(message instanceof Promise)) return this.replace(message);
    this.enter('working');
    this.isWorking = true;
    message.then(
      (inflated) => {
        this.isWorking = false;
        if (!this.isCancelled()) return this.replace(inflated);
        this.refuse(clientGone());
      },
      (error: unknown) => {
        this.isWorking = false;
        this.refuse(error);
      },
    );
  }

  /** Replaces a compressed message with its content. */
  private replace(message: Buffer): void {
    this.reader.replace(message, this.holding);
    this.enter('receiving');
    this.proceed();
  }

  private proceed(): void {
    const { content } = this.reader;
    if (content && (this.hasEnded || this.method.isStream)) {
      if (this.reader.isCompressed) return;
      this.enter('working');
      this.holding?.stopWaiting();
      this.isWorking = true;
      this.method.handle(this, content);
    } else if (this.hasEnded) this.endOfMessages();
  }

  private endOfMessages(): void {
    if (this.isCancelled()) return this.over();
    if (this.method.isStream && !this.reader.isWithinMessage) {
      this.respond();
      this.stream.end();
      this.over();
    } else this.refuse(invalid('the call ended before its message was complete'));
  }

  private respond(): void {
    if (!this.stream.headersSent) this.stream.respond(ANSWER_HEADERS, { waitForTrailers: true });
  }

  private readonly onFlushed = (): void => {
    this.isUnflushed = false;
    this.holding?.stopWaiting();
    if (this.isClosed || this.phase !== 'answering') this.settle();
    else if (this.method.isStream) {
      // The next message may have to wait for a later turn, because thousands of small messages may have arrived
      // together.
      if (this.connection?.hasRoom(CALL_WORK) === false) setImmediate(() => this.takeNext());
      else this.takeNext();
    }
  };

  private takeNext(): void {
    if (this.isClosed || this.phase !== 'answering') return;
    this.release();
    this.context.idle.add(this);
    this.enter('receiving');
    if (this.context.isEnding) return this.shutDown();
    const { rest } = this;
    this.rest = undefined;
    if (rest) this.read(rest);
    // The rest may have contained another complete message.
    if (this.reader.content || this.isCancelled()) return;
    if (this.hasEnded) this.proceed();
    else this.stream.resume();
  }

  /** Ends the call with an error from the transport. Memory that the method still uses is released when it answers. */
  private refuse(thrown: unknown): void {
    // The first error is reported, even if the method fails later.
    const error = (this.refusal ??= this.context.toServingError(thrown));
    const { refused } = this.method;
    // A method that is still working notices by itself that the call has ended, and then counts the request.
    if (refused && !this.isWorking) refused(error, this.receivedAt);
    if (!refused && error.kind === 'unfinished') this.context.metrics.observeDrop('unfinished');
    this.failWith(statusOf(error));
  }

  private failWith(status: Status): void {
    if (this.isCancelled()) return this.over();
    if (this.stream.headersSent) {
      this.trailers = statusTrailers(status);
      this.stream.end();
    } else this.stream.respond(statusHeaders(status), { endStream: true });
    this.over();
  }

  private over(): void {
    if (this.phase !== 'over') this.enter('over');
    this.rest = undefined;
    // Data that arrives from now on is discarded.
    this.stream.resume();
    this.settle();
  }

  /** Releases the memory, unless the method or the unsent answer still uses it. */
  private settle(): void {
    if (this.isWorking || this.isUnflushed) return;
    this.release();
    if (this.isClosed) this.context.calls.delete(this);
    else this.context.idle.add(this);
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.phaseAt = performance.now();
  }

  private release(): void {
    this.reader.clear(undefined);
    this.holding?.release();
    this.holding = undefined;
  }

  private waitForClient(): void {
    this.holding?.waitForClient(() => this.drop());
  }

  /** Ends a call whose client neither sends nor reads. */
  private drop(): void {
    if (this.phase === 'receiving') {
      return this.refuse(
        new ServingError('unfinished', 'the message was still incomplete when other requests needed its memory'),
      );
    }
    // A connection holds the unsent answers of streams that are closed, so the connection itself must end.
    if (!this.wasReset) this.context.metrics.observeDrop('unread');
    if (this.isClosed || this.wasReset) return this.connection?.end();
    this.wasReset = true;
    if (this.phase !== 'over') this.enter('over');
    this.reset(NGHTTP2_CANCEL);
  }

  private reset(code: number): void {
    if (!this.hasEnded) this.connection?.ignoreRest();
    this.stream.close(code);
  }
}
