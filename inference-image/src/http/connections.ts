import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeClients } from '../closing-clients';
import { expiryOf } from '../connection-age';
import { headerBytes, requestBytes, type Holding } from '../budget/holding';
import type { MemoryBudget } from '../budget/memory-budget';
import type { DropReason, RefusalReason } from '../metrics/refusals';
import { stopListening } from '../stop-listening';
import { ReadingTurns, type Share } from './reading-turns';
import type { UnreadAnswers } from '../budget/unread-answers';

/** How long a connection without a request may stay once the server has closed: its request may be on the way. */
const SILENT_MS = 500;
/** How long a client may pause while it sends a request once the server has closed. */
const STALLED_MS = 10_000;
/** How long a client may take to read what is left of its reply once the server has closed. */
const READING_MS = 30_000;

/** How often answers that nobody reads are looked for, at least. */
const MAX_SWEEP_MS = 5000;

/** Requests that a client may send before it has read the answer to the first of them. */
const MAX_PIPELINED = 16;

interface Connection {
  /** How many replies it waits for. */
  replies: number;
  /** How many it has had. */
  answered: number;
  /** The latest, until it has its reply. */
  request?: IncomingMessage;
  /** In milliseconds, as performance.now() counts them. */
  readonly expiresAt: number;
  readonly share: Share;
  /** Since when the sweep has seen the same reply unread; undefined where there is none. */
  unreadSince?: number;
  /** `answered` at the last sweep. */
  swept: number;
  /** What requests hold that wait behind another. */
  pipelined?: Holding;
  /** The part of each of them, in their order. */
  readonly waiting: number[];
}

export interface ConnectionsOptions {
  readonly maxConnectionAgeSeconds: number;
  readonly sendTimeoutSeconds: number;
  readonly maxConnections: number;
  /** How long all clients together may take, once the server has closed, while nothing is worked on. @default - any time */
  readonly queueTimeoutSeconds?: number;
  readonly budget: MemoryBudget;
  /** @default - what the operating system has of answers is not looked at */
  readonly unread?: UnreadAnswers;
  readonly metrics: { observeDrop(reason: DropReason): void; observeRefusal(reason: RefusalReason): void };
}

/**
 * The connections of an HTTP server.
 * - There are so many at most. One more takes the place of another that asks nothing or is still asking, or is refused.
 * - One whose client does not read its answer in time is cut.
 * - An old one is ended with its next reply, since a load balancer that balances connections sends new replicas nothing
 *   else.
 * - The server can be closed without cutting a request or its reply short.
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
    // One function for all responses: a closure for each would show in the latency of a small model.
    const onClose = function (this: ServerResponse) {
      onReplied(this);
    };
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      // What is still parsed of its connection would be kept, and nobody would read it.
      if (socket.destroyed) return drop(request);
      const connection = this.open.get(socket);
      response.on('close', onClose);
      if (!connection) return;
      const now = performance.now();
      this.turns.hasRead(connection.share, now);
      connection.replies++;
      connection.request = request;
      if (connection.replies > 1) this.holdPipelined(request, connection);
      if (this.closeAfterReply || now >= connection.expiresAt) response.setHeader('connection', 'close');
    });
    const sweepMs = Math.min(MAX_SWEEP_MS, (options.sendTimeoutSeconds * 1000) / 4);
    const sweep = setInterval(() => this.sweep(), sweepMs).unref();
    server.once('close', () => clearInterval(sweep));
  }

  /** From now on each answer asks its client to connect again for the next request, perhaps elsewhere. */
  drain(): void {
    this.closeAfterReply = true;
  }

  /**
   * Listens no more; resolves once every request has its reply and every connection is closed.
   * @param isBusy Whether a request is being worked on here, so that its client is not the one to blame.
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
    this.open.set(socket, { replies: 0, answered: 0, swept: 0, expiresAt, share, waiting: [] });
    socket.once('close', () => this.forget(socket));
  }

  /** Ends a connection that nothing is done for: the oldest of those that are the least loss. */
  private makeRoom(): boolean {
    let idle: Socket | undefined;
    let sending: Socket | undefined;
    for (const [socket, { replies, answered, request }] of this.open) {
      if (replies === 0 && answered === 0) return this.giveUp(socket, 'idle');
      if (replies === 0) idle ??= socket;
      else if (replies === 1 && !request?.complete) sending ??= socket;
    }
    return idle ? this.giveUp(idle, 'idle') : this.giveUp(sending, 'unfinished');
  }

  private giveUp(socket: Socket | undefined, reason: DropReason): boolean {
    if (!socket) return false;
    this.options.metrics.observeDrop(reason);
    // Not only with its event, which comes later.
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

  /** A reply has been handed over, or its connection is closed. */
  private end(socket: Socket): void {
    const connection = this.open.get(socket);
    if (!connection) return;
    connection.replies--;
    connection.answered++;
    // The next is no longer behind another.
    if (connection.replies > 0) return connection.pipelined?.subtract(connection.waiting.shift() ?? 0);
    connection.pipelined?.release();
    connection.pipelined = connection.request = undefined;
    connection.waiting.length = 0;
  }

  /** Its request and its answer have to wait for the answer before them. */
  private holdPipelined({ socket, rawHeaders }: IncomingMessage, connection: Connection): void {
    const bytes = headerBytes(rawHeaders);
    try {
      if (connection.replies > MAX_PIPELINED) throw new Error('too many');
      if (connection.pipelined) connection.pipelined.add(requestBytes(bytes));
      else connection.pipelined = this.options.budget.open(bytes);
      connection.waiting.push(requestBytes(bytes));
    } catch {
      this.options.metrics.observeDrop('pipelined');
      cutShort(socket);
    }
  }

  private sweep(): void {
    const now = performance.now();
    const sendMs = this.options.sendTimeoutSeconds * 1000;
    for (const [socket, connection] of this.open) {
      const isUnread = socket.writableLength > 0;
      if (!isUnread || connection.swept !== connection.answered) {
        connection.swept = connection.answered;
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

/** Lets go of a request of a connection that has ended, and of those behind it. */
function drop(request: IncomingMessage): void {
  request.destroy();
  stopParsing(request.socket);
}

/** Ends a connection, and also what node:http makes of the requests that have been read of it: there may be thousands. */
function cutShort(socket: Socket): void {
  socket.destroy();
  stopParsing(socket);
}

function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: () => number } };
  // llhttp takes it for an error.
  if (parser?.onIncoming) parser.onIncoming = () => -1;
}

function patienceMs(socket: Socket, replies: number): number {
  if (replies === 0) return SILENT_MS;
  return socket.writableLength > 0 ? READING_MS : STALLED_MS;
}
