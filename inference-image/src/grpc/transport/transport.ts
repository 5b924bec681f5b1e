import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { headerBytes } from '../../budget/holding';
import type { Inflater } from '../../budget/inflater';
import type { MemoryBudget } from '../../budget/memory-budget';
import type { UnreadAnswers } from '../../budget/unread-answers';
import { ServingError } from '../../errors';
import type { Log } from '../../log';
import type { Metrics } from '../../metrics/metrics';
import { describe } from '../../protocol/fields';
import { toServingError } from '../status';
import { Call, type CallContext } from './call';
import { Connections } from './connections';
import { httpRefusal } from './headers';
import { IdleCalls } from './idle-calls';
import type { Method } from './method';

/** How often time limits are looked at. */
const SWEEP_MS = 250;

/** Calls that a connection may have at a time; clients that have more wait, or connect once more. */
const MAX_STREAMS = 100;
/** Twice what gRPC's clients send at most. */
const MAX_HEADER_BYTES = 16 * 1024;

/** https://nodejs.org/api/http2.html#http2createserveroptions-onrequesthandler */
const SERVER_OPTIONS = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
  maxHeaderListPairs: 128,
  // Without a limit: answers that wait count in it, so that one large answer would end other calls of its connection.
  // What it is for is bounded by the number of streams, by their headers and by the budget.
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
};

export interface TransportOptions {
  readonly methods: readonly Method[];
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly unread?: Pick<UnreadAnswers, 'sent'>;
  readonly metrics: Pick<Metrics, 'observeDrop'>;
  readonly log: Log;
  readonly receiveTimeoutSeconds: number;
  readonly sendTimeoutSeconds: number;
  readonly maxConnectionAgeSeconds: number;
}

/**
 * gRPC over HTTP/2, on connections that somebody else accepts: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
 * Whatever a client makes it keep is counted or bounded before it is kept.
 */
export class Transport {
  private readonly server: Http2Server;
  private readonly methods: ReadonlyMap<string, Method>;
  private readonly connections: Connections;
  private readonly context: CallContext;
  private timer?: NodeJS.Timeout;
  /** The socket whose session is being made. */
  private accepted?: Socket;

  constructor({ methods, log, maxConnectionAgeSeconds, ...options }: TransportOptions) {
    this.methods = new Map(methods.map((method) => [method.path, method]));
    this.connections = new Connections(maxConnectionAgeSeconds);
    this.context = {
      ...options,
      idle: new IdleCalls(),
      calls: new Set(),
      toServingError: (error) => toServingError(error, log),
      isEnding: false,
    };
    this.server = createServer(SERVER_OPTIONS);
    this.server.on('session', (session) => {
      this.connections.add(session, this.accepted as Socket);
      this.timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    });
    this.server.on('stream', (stream, headers, _flags, rawHeaders?: string[]) =>
      this.open(stream, headers, rawHeaders),
    );
    this.server.on('sessionError', () => undefined);
  }

  accept(socket: Socket): void {
    // While gRPC was loaded its client may have gone.
    if (socket.destroyed) return;
    this.accepted = socket;
    // It makes the session at once, or destroys the socket.
    this.server.emit('connection', socket);
  }

  /** Ends a connection that has no call, or none that asks anything, to make room; false where there is none. */
  endIdle(): boolean {
    return this.connections.endIdle() || this.context.idle.endConnection();
  }

  /** Tells the clients there are to connect again, and so perhaps elsewhere; what they have asked for is finished. */
  drain(): void {
    this.connections.drain();
  }

  /** Ends open streams once what they work on is answered, and each connection with its last call. */
  close(): void {
    this.context.isEnding = true;
    for (const call of this.context.calls) call.shutDown();
    this.drain();
  }

  private open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[] = []): void {
    const connection = this.connections.of(stream.session);
    const bytes = headerBytes(rawHeaders);
    connection?.beginCall(bytes);
    const path = headers[':path'];
    const method = this.methods.get(path ?? '');
    const call = new Call(stream, method ?? unknownMethod(path), headers, bytes, this.context, connection);
    stream
      .on('data', (chunk: Buffer) => call.receive(chunk))
      .on('end', () => call.end())
      .on('wantTrailers', () => call.sendTrailers())
      // What goes wrong with a stream is its client's to notice.
      .on('error', () => undefined)
      .on('close', () => {
        if (connection) connection.calls--;
        call.close();
      });
    const httpStatus = httpRefusal(headers);
    if (httpStatus !== undefined) call.failAsHttp(httpStatus);
    else if (!method) call.fail(new ServingError('methodNotAllowed', `unknown method ${describe(path)}`));
    // A client that does not confirm the settings is not held to them by HTTP/2 itself.
    else if (bytes > MAX_HEADER_BYTES) {
      call.fail(new ServingError('tooLarge', `the headers have more than ${MAX_HEADER_BYTES} bytes`));
    } else call.open(headers);
  }

  private sweep(): void {
    const now = performance.now();
    for (const call of this.context.calls) call.sweep(now);
    this.connections.sweep(now);
    if (this.connections.size > 0 || this.context.calls.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** What takes nothing: its calls are refused before a message comes. */
function unknownMethod(path = ''): Method {
  return { path, maxMessageBytes: 0, isCounted: false, handle: () => undefined };
}
