import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Holding } from '../../budget/holding';
import { inflateAtOnce, unwanted, type Coding, type Inflater } from '../../budget/inflater';
import type { MemoryBudget } from '../../budget/memory-budget';
import type { UnreadAnswers } from '../../budget/unread-answers';
import { invalid, ServingError } from '../../errors';
import type { Metrics } from '../../metrics/metrics';
import { describe } from '../../protocol/fields';
import { statusOf, type Status } from '../status';
import {
  ANSWER_HEADERS,
  ENCODINGS,
  OK_TRAILERS,
  statusHeaders,
  statusTrailers,
  timeoutMs,
  type Encoding,
} from './headers';
import type { Connection } from './connection';
import type { IdleCalls } from './idle-calls';
import { inflationLimit, MessageReader } from './message-reader';
import type { Method } from './method';
import { CALL_WORK } from './turns';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/** What a client may send on a stream that nobody reads: HTTP/2's window, which Node keeps. */
const WINDOW_BYTES = 64 * 1024;
/** An answer of less is nearly always taken at once. */
const SMALL_ANSWER_BYTES = 64 * 1024;

/** How long a status is given before what follows it: HTTP/2 drops what has not been sent when a stream is reset. */
const STOPPING_SECONDS = 0.1;

/** What calls share. */
export interface CallContext {
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly idle: IdleCalls;
  /** @default - what the operating system has of answers is not counted */
  readonly unread?: Pick<UnreadAnswers, 'sent'>;
  readonly metrics: Pick<Metrics, 'observeDrop'>;
  /** How long a client may take to send a message, once it has begun. */
  readonly receiveTimeoutSeconds: number;
  /** How long a client may take to read an answer. */
  readonly sendTimeoutSeconds: number;
  /** Makes an error of whatever was thrown. */
  toServingError(error: unknown): ServingError;
  /** The server has been told to end: a stream gets no further message. */
  isEnding: boolean;
  /** Calls of which something is left: their stream, their work, or an answer that is on its way. */
  readonly calls: Set<Call>;
}

/**
 * - `receiving`: waits for a message, or for its rest
 * - `working`: a message is being answered
 * - `answering`: the answer, or the last of a stream's answers, is on its way
 * - `over`: its status is on its way, or it was reset
 */
type Phase = 'receiving' | 'working' | 'answering' | 'over';

/** One call: an HTTP/2 stream, with one message and one answer or, of a method that is a stream, with many. */
export class Call {
  readonly receivedAt = performance.now();
  /** When its client stops waiting, as performance.now() counts milliseconds. @default - never */
  deadline?: number;
  /** What its message holds of the budget. @default - none, before its first byte or where it is not counted */
  holding?: Holding;
  private readonly reader: MessageReader;
  private readonly encoding: unknown;
  private phase: Phase = 'receiving';
  private phaseAt = this.receivedAt;
  /** What follows a chunk's first message. */
  private rest?: Buffer;
  private hasEnded = false;
  private isClosed = false;
  /** The message is being decompressed, or the method has not answered yet. */
  private isWorking = false;
  /** The answer is not with the system yet, which sends it. */
  private isUnflushed = false;
  private wasReset = false;
  /** Why the transport itself ended it. */
  private refusal?: ServingError;
  private isWatch = false;
  private trailers: OutgoingHttpHeaders = OK_TRAILERS;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly method: Method,
    headers: IncomingHttpHeaders,
    /** Of its headers, uncompressed. */
    private readonly headerBytes: number,
    private readonly context: CallContext,
    readonly connection: Connection | undefined,
  ) {
    this.reader = new MessageReader(method);
    this.encoding = headers['grpc-encoding'] ?? 'identity';
    context.calls.add(this);
    context.idle.add(this);
  }

  /** Reads the headers that say how it is to be answered. */
  open(headers: IncomingHttpHeaders): void {
    try {
      const timeout = timeoutMs(headers);
      if (timeout !== undefined) this.deadline = this.receivedAt + timeout;
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Whether nobody waits for its answer any more. */
  isCancelled(): boolean {
    return this.isClosed || this.phase === 'over' || this.stream.closed || this.stream.destroyed;
  }

  /** Takes a chunk of its messages. */
  receive(chunk: Buffer): void {
    this.connection?.receive(chunk.length);
    this.read(chunk);
  }

  private read(chunk: Buffer): void {
    // What still comes of a call that is over is thrown away.
    if (this.phase === 'over') return;
    try {
      this.take(chunk);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Its client sends no more. */
  end(): void {
    this.hasEnded = true;
    if (this.phase === 'receiving') this.goOn();
  }

  /** Gives back what the message takes, once it is read. */
  releaseMessage(): void {
    this.reader.clear(this.holding);
  }

  /**
   * Answers the message.
   * @param frame A message as gRPC sends it. @param isCounted Whether the holding has it already.
   */
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

  /** Sends a message of a call that goes on until its client ends it; false where the last has not been taken yet. */
  push(frame: Buffer): boolean {
    this.isWorking = false;
    if (this.isCancelled() || this.stream.writableLength > 0) return false;
    this.isWatch = true;
    this.respond();
    this.stream.write(frame);
    return true;
  }

  /** Answers the message with an error. */
  fail(error: ServingError, code?: number): void {
    this.isWorking = false;
    this.failWith(statusOf(error, code));
  }

  /** Ends a request that is not gRPC's. @param httpStatus Its status. */
  failAsHttp(httpStatus: number): void {
    this.stream.respond({ ':status': httpStatus }, { endStream: true });
    this.over();
  }

  /** Ends a call that waits for its client, of which another needs the memory. */
  makeRoom(): void {
    if (this.isClosed) return;
    // It was told, or answered, and has not taken that either.
    if (this.phase === 'over' || this.isUnflushed) return this.connection?.end();
    this.refuse(new ServingError('rejected', 'the server has too many calls that wait for their clients'));
  }

  /** Ends a stream that waits for its next message. */
  shutDown(): void {
    const isOpen = this.method.isStream ? this.phase === 'receiving' : this.isWatch;
    if (isOpen) this.failWith(statusOf(new ServingError('unavailable', 'the server is shutting down')));
  }

  /** Looks whether its time is up. Called several times a second. */
  sweep(now: number): void {
    const { receiveTimeoutSeconds, sendTimeoutSeconds } = this.context;
    const seconds = (now - this.phaseAt) / 1000;
    if (this.phase === 'over' || this.phase === 'answering') {
      if (this.isUnflushed) this.waitForClient();
      if (this.phase === 'over' && seconds > STOPPING_SECONDS) this.stopClient();
      // Work for a client that is gone comes to its end first.
      if (!this.isWorking && (seconds > sendTimeoutSeconds || this.wasReset)) this.drop();
    } else if (this.deadline !== undefined && now > this.deadline) {
      this.refuse(new ServingError('timeout', 'the deadline of the call has passed'));
    } else if (this.phase === 'receiving' && (this.holding || !this.method.isStream)) {
      this.waitForClient();
      if (seconds > receiveTimeoutSeconds) {
        const limit = `within ${receiveTimeoutSeconds} s (receiveTimeoutSeconds)`;
        this.refuse(new ServingError('unfinished', `the message was not whole ${limit}`));
      }
    }
  }

  /** Tells a client that still sends to send no more: https://www.rfc-editor.org/rfc/rfc9113#section-8.1-9 */
  private stopClient(): void {
    if (!this.hasEnded && !this.stream.closed) this.reset(NGHTTP2_NO_ERROR);
  }

  /** The stream is gone, whoever ended it. */
  close(): void {
    this.isClosed = true;
    this.context.idle.delete(this);
    if (this.phase !== 'answering') this.over();
    else this.settle();
  }

  /** What ends the answer. */
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
    if (reader.isCompressed) this.assertEncoding();
    if (taken < chunk.length) this.keep(chunk.subarray(taken));
    if (reader.content) this.complete(reader.content);
    else this.waitForClient();
  }

  /** Keeps what follows a message until it is answered. */
  private keep(rest: Buffer): void {
    if (!this.method.isStream) throw invalid(`${this.method.path} takes one message`);
    this.holding?.add(rest.length);
    this.rest = this.rest ? Buffer.concat([this.rest, rest]) : Buffer.from(rest);
  }

  private complete(content: Buffer): void {
    this.holding?.goOn();
    if (this.method.isStream) {
      this.holding?.add(WINDOW_BYTES);
      this.stream.pause();
    }
    if (this.reader.isCompressed) this.inflate(content);
    else this.goOn();
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
        this.refuse(unwanted());
      },
      (error: unknown) => {
        this.isWorking = false;
        this.refuse(error);
      },
    );
  }

  /** Puts the message itself in the place of the compressed one. */
  private replace(message: Buffer): void {
    this.reader.replace(message, this.holding);
    this.enter('receiving');
    this.goOn();
  }

  private goOn(): void {
    const { content } = this.reader;
    if (content && (this.hasEnded || this.method.isStream)) {
      if (this.reader.isCompressed) return;
      this.enter('working');
      this.holding?.goOn();
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
    } else this.refuse(invalid('the call ended before its message was whole'));
  }

  private assertEncoding(): void {
    const { encoding } = this;
    if (encoding !== 'identity' && ENCODINGS.includes(encoding as Encoding)) return;
    throw new ServingError(
      'unsupportedMedia',
      `the message is compressed, and grpc-encoding is ${describe(encoding)}; it must be one of ${ENCODINGS.slice(1).join(', ')}`,
    );
  }

  private respond(): void {
    if (!this.stream.headersSent) this.stream.respond(ANSWER_HEADERS, { waitForTrailers: true });
  }

  private readonly onFlushed = (): void => {
    this.isUnflushed = false;
    this.holding?.goOn();
    if (this.isClosed || this.phase !== 'answering') this.settle();
    else if (this.method.isStream) {
      // Thousands of small messages may have come at once.
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
    // Unless the rest has another message.
    if (this.reader.content || this.isCancelled()) return;
    if (this.hasEnded) this.goOn();
    else this.stream.resume();
  }

  /** Ends the call with an error that is not its method's. What that works on is held until it answers. */
  private refuse(thrown: unknown): void {
    // What ended it first is why, also where its work comes to its end later.
    const error = (this.refusal ??= this.context.toServingError(thrown));
    const { refused } = this.method;
    // A method at work notices by itself, and counts its request once.
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
    // What still comes is thrown away.
    this.stream.resume();
    this.settle();
  }

  /** Lets go of the memory, unless the work for it or its way to the client still takes it. */
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

  /** Ends a call whose client does not do its part. */
  private drop(): void {
    if (this.phase === 'receiving') {
      return this.refuse(
        new ServingError('unfinished', 'the message was not whole when its memory was needed for others'),
      );
    }
    // Once the stream is closed, its answer is with the connection, and waits there.
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
