import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeClients, expiryOf, stopListening } from '../sockets/closing';
import { headerBytes, type Holding, type MemoryBudget, requestBytes } from '../budget/memory-budget';
import type { DropReason, RefusalReason } from '../metrics/metrics';
import { ReadingTurns, type Share } from './reading-turns';
import type { UnreadAnswers } from '../budget/unread-answers';

/**
 * Time for which a connection without a request may stay open once the server is closing, because a request may be in
 * transit.
 */
const SILENT_MS = 500;
/** Time for which a client may pause while it sends a request once the server is closing. */
const STALLED_MS = 10_000;
/** Time that a client has to read the rest of its reply once the server is closing. */
const READING_MS = 30_000;

/** Maximum interval between checks for unread answers. */
const MAX_SWEEP_MS = 5000;

/** Maximum number of requests that a client may send before it has read the answer to the first. */
const MAX_PIPELINED = 16;

interface Connection {
  /** Number of pending replies. */
  replies: number;
  /** Number of completed replies. */
  completed: number;
  /** Latest request; undefined once its reply has ended. */
  request?: IncomingMessage;
  /** Time at which the connection expires, in performance.now() milliseconds. */
  readonly expiresAt: number;
  readonly share: Share;
  /** Time at which a sweep first found the current reply unread; undefined if everything was read. */
  unreadSince?: number;
  /** Value of `completed` at the last sweep. */
  swept: number;
  /** Memory of the requests that wait for the answer to an earlier one. */
  pipelined?: Holding;
  /** Bytes of each waiting request, in order. */
  readonly waiting: number[];
}

export interface ConnectionsOptions {
  readonly maxConnectionAgeSeconds: number;
  readonly sendTimeoutSeconds: number;
  readonly maxConnections: number;
  /**
   * Time, from the start of closing, after which all remaining clients are disconnected as soon as the server has no
   * work. @default - no limit
   */
  readonly queueTimeoutSeconds?: number;
  readonly budget: MemoryBudget;
  /** @default - unread answers in the operating system's buffers are not bounded */
  readonly unread?: UnreadAnswers;
  readonly metrics: { observeDrop(reason: DropReason): void; observeRefusal(reason: RefusalReason): void };
}

/**
 * The connections of an HTTP server.
 * - Their number is limited. At the limit, a new connection replaces an idle connection or one whose request is
 *   incomplete. If there is neither, the new one is refused.
 * - A client that does not read its answer in time is disconnected.
 * - An old connection closes after its next reply, because a load balancer that balances connections would otherwise
 *   send no traffic to new replicas.
 * - Closing the server interrupts neither requests nor replies.
 */
export class Connections {
  private closeAfterReply = false;
  private readonly open = new Map<Socket, Connection>();
  private readonly turns = new ReadingTurns();

  constructor(
    private readonly server: Server,
    private readonly options: ConnectionsOptions,
  ) {
    server.on('connection', (socket: Socket) => this.accept(socket));
    const onReplied = (response: ServerResponse) => this.end(response.req.socket);
    // One shared function, because a closure for each response would measurably slow requests for a small model.
    const onClose = function (this: ServerResponse) {
      onReplied(this);
    };
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      // node:http may still parse requests of a closed connection, and would keep their bodies in memory.
      if (socket.destroyed) return discard(request);
      const connection = this.open.get(socket);
      response.on('close', onClose);
      if (!connection) return;
      const now = performance.now();
      this.turns.recordRead(connection.share, now);
      connection.replies++;
      connection.request = request;
      if (connection.replies > 1) this.holdPipelined(request, connection);
      if (this.closeAfterReply || now >= connection.expiresAt) response.setHeader('connection', 'close');
    });
    const sweepMs = Math.min(MAX_SWEEP_MS, (options.sendTimeoutSeconds * 1000) / 4);
    const sweep = setInterval(() => this.sweep(), sweepMs).unref();
    server.once('close', () => clearInterval(sweep));
  }

  /** Makes each further answer ask its client to reconnect for the next request, possibly to another replica. */
  drain(): void {
    this.closeAfterReply = true;
  }

  /**
   * Stops listening; resolves once every request has its reply and every connection is closed.
   * @param isBusy Whether the server is working on a request; while it is, no client is disconnected.
   */
  async close(isBusy: () => boolean): Promise<void> {
    this.drain();
    await stopListening(this.server);
    await closeClients(this.open, {
      isBusy,
      queueTimeoutSeconds: this.options.queueTimeoutSeconds,
      bytesOf: ({ bytesRead }) => bytesRead,
      patienceMs: (socket) => patienceMs(socket, this.open.get(socket)?.replies ?? 0),
    });
  }

  private accept(socket: Socket): void {
    const { maxConnections, maxConnectionAgeSeconds, unread, metrics } = this.options;
    if (this.open.size >= maxConnections && !this.makeRoom()) {
      metrics.observeRefusal('connections');
      socket.destroy();
      return;
    }
    unread?.watch(socket);
    const expiresAt = expiryOf(maxConnectionAgeSeconds);
    const share = this.turns.add(socket);
    this.open.set(socket, { replies: 0, completed: 0, swept: 0, expiresAt, share, waiting: [] });
    socket.once('close', () => this.forget(socket));
  }

  /**
   * Ends a connection for which the server is doing no work: preferably one that has sent no request yet, then an idle
   * one, then one with an incomplete request; of each kind, the oldest.
   */
  private makeRoom(): boolean {
    let idle: Socket | undefined;
    let sending: Socket | undefined;
    for (const [socket, { replies, completed, request }] of this.open) {
      if (replies === 0 && completed === 0) return this.evict(socket, 'idle');
      if (replies === 0) idle ??= socket;
      else if (replies === 1 && !request?.complete) sending ??= socket;
    }
    return idle ? this.evict(idle, 'idle') : this.evict(sending, 'unfinished');
  }

  private evict(socket: Socket | undefined, reason: DropReason): boolean {
    if (!socket) return false;
    this.options.metrics.observeDrop(reason);
    // The close event comes later.
    this.forget(socket);
    socket.destroy();
    return true;
  }

  private forget(socket: Socket): void {
    const connection = this.open.get(socket);
    if (!connection) return;
    connection.pipelined?.release();
    this.turns.delete(connection.share);
    this.open.delete(socket);
  }

  /** Called when a reply has been sent, or when its connection has closed. */
  private end(socket: Socket): void {
    const connection = this.open.get(socket);
    if (!connection) return;
    connection.replies--;
    connection.completed++;
    // The next request no longer waits for the reply before it.
    if (connection.replies > 0) return connection.pipelined?.subtract(connection.waiting.shift() ?? 0);
    connection.pipelined?.release();
    connection.pipelined = connection.request = undefined;
    connection.waiting.length = 0;
  }

  /** Reserves memory for a request that waits for the answer before it. */
  private holdPipelined({ socket, rawHeaders }: IncomingMessage, connection: Connection): void {
    const bytes = headerBytes(rawHeaders);
    try {
      if (connection.replies > MAX_PIPELINED) throw new Error('too many');
      if (connection.pipelined) connection.pipelined.add(requestBytes(bytes));
      else connection.pipelined = this.options.budget.open(bytes);
      connection.waiting.push(requestBytes(bytes));
    } catch {
      this.options.metrics.observeDrop('pipelined');
      destroyNow(socket);
    }
  }

  private sweep(): void {
    const now = performance.now();
    const sendMs = this.options.sendTimeoutSeconds * 1000;
    for (const [socket, connection] of this.open) {
      const isUnread = socket.writableLength > 0;
      if (!isUnread || connection.swept !== connection.completed) {
        connection.swept = connection.completed;
        connection.unreadSince = isUnread ? now : undefined;
        continue;
      }
      connection.unreadSince ??= now;
      if (now - connection.unreadSince < sendMs) continue;
      this.options.metrics.observeDrop('unread');
      socket.destroy();
    }
  }
}

/** Discards a request of a closed connection, and all later requests on that connection. */
function discard(request: IncomingMessage): void {
  request.destroy();
  stopParsing(request.socket);
}

/**
 * Ends a connection and stops node:http from parsing the data already read, which may contain thousands of requests.
 */
function destroyNow(socket: Socket): void {
  socket.destroy();
  stopParsing(socket);
}

function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: () => number } };
  // llhttp treats -1 as an error.
  if (parser?.onIncoming) parser.onIncoming = () => -1;
}

function patienceMs(socket: Socket, replies: number): number {
  if (replies === 0) return SILENT_MS;
  return socket.writableLength > 0 ? READING_MS : STALLED_MS;
}
