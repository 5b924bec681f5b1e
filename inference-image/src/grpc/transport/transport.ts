import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Inflater } from '../../budget/inflater';
import { headerBytes, type MemoryBudget } from '../../budget/memory-budget';
import type { UnreadAnswers } from '../../budget/unread-answers';
import { ServingError } from '../../base/errors';
import type { Log } from '../../base/log';
import type { Metrics } from '../../metrics/metrics';
import { describe } from '../../base/fields';
import { toServingError } from './status';
import { Call } from './call';
import type { CallContext } from './call-context';
import { Connections } from './connections';
import { httpRefusal } from './headers';
import { IdleCalls } from './idle-calls';
import type { Method } from './method';

/** Interval between checks of time limits. */
const SWEEP_MS = 250;

/** Maximum number of concurrent calls on a connection; clients with more calls wait, or open another connection. */
const MAX_STREAMS = 100;
/** Limit on the bytes of a call's headers, twice the maximum that gRPC clients send. */
const MAX_HEADER_BYTES = 16 * 1024;

/** https://nodejs.org/api/http2.html#http2createserveroptions-onrequesthandler */
const SERVER_OPTIONS = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
  maxHeaderListPairs: 128,
  // Effectively unlimited: unsent answers count toward this limit, so one large answer would end the other calls of its
  // connection. The number of streams, the size of their headers and the budget bound the memory.
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
 * gRPC over HTTP/2, on connections that the caller accepts:
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. All memory that a client can make the server use is
 * counted or bounded in advance.
 */
export class Transport {
  private readonly server: Http2Server;
  private readonly methods: ReadonlyMap<string, Method>;
  private readonly connections: Connections;
  private readonly context: CallContext;
  private timer?: NodeJS.Timeout;
  /** Socket whose session is being created. */
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
    // The client may have disconnected while gRPC was loading.
    if (socket.destroyed) return;
    this.accepted = socket;
    // The server creates the session synchronously or destroys the socket.
    this.server.emit('connection', socket);
  }

  /** Makes room by ending a connection without calls, or with idle calls only; returns false if there is none. */
  endIdle(): boolean {
    return this.connections.endIdle() || this.context.idle.endConnection();
  }

  /** Asks connected clients to reconnect, possibly to another replica; requests already sent are completed. */
  drain(): void {
    this.connections.drain();
  }

  /** Ends each open stream once its current message is answered, and each connection with its last call. */
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
      // Stream errors are not logged, because they affect only the client.
      .on('error', () => undefined)
      .on('close', () => {
        if (connection) connection.calls--;
        call.close();
      });
    const httpStatus = httpRefusal(headers);
    if (httpStatus !== undefined) call.failAsHttp(httpStatus);
    else if (!method) call.fail(new ServingError('methodNotAllowed', `unknown method ${describe(path)}`));
    // Node does not enforce this limit for a client that never acknowledges the HTTP/2 settings.
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

/** Placeholder for an unknown method; its calls are refused before a message arrives. */
function unknownMethod(path = ''): Method {
  return { path, maxMessageBytes: 0, isCounted: false, handle: () => undefined };
}
