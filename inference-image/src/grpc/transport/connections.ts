import { constants, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Below the idle time of common load balancers (60 s): a connection that is quiet but alive is kept. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
/** How long a client that was told to go away may take to hear of it, and then to act on it. */
const HEARING_MS = 1000;
const LEAVING_MS = 100;
/** Streams up to this one will be served: all that a client sends before it has read that it should not. */
const LAST_STREAM = 2 ** 31 - 1;

const { NGHTTP2_NO_ERROR } = constants;

interface Connection {
  readonly socket: Socket;
  calls: number;
  /** Times in milliseconds, as performance.now() counts them. */
  readonly expiresAt: number;
  askedAt: number;
  heardAt: number;
  goesAwayAt?: number;
}

/**
 * The connections of a gRPC server. An old one is told to go away, since a load balancer that balances connections
 * sends new replicas nothing else, and one that does not answer is ended.
 */
export class Connections {
  private readonly open = new Map<Http2Session, Connection>();

  constructor(private readonly maxAgeSeconds: number) {}

  get size(): number {
    return this.open.size;
  }

  /** @param socket What the session is on. */
  add(session: Http2Session, socket: Socket): void {
    const now = performance.now();
    const expiresAt = now + spread(this.maxAgeSeconds) * 1000;
    this.open.set(session, { socket, calls: 0, expiresAt, askedAt: now, heardAt: now });
    // What goes wrong with a connection is its client's to notice.
    session.on('error', () => socket.destroy());
    socket.once('close', () => this.open.delete(session));
  }

  /** @param change How many calls more, or less, it has. */
  count(session: Http2Session | undefined, change: number): void {
    const connection = session && this.open.get(session);
    if (connection) connection.calls += change;
  }

  /** Ends a connection, whatever is on its way. (A session alone would wait for a client that does not read.) */
  end(session: Http2Session | undefined): void {
    if (!session) return;
    session.destroy();
    this.open.get(session)?.socket.destroy();
  }

  /** Ends the oldest connection that has no call; false where there is none. */
  endIdle(): boolean {
    for (const [session, { calls }] of this.open) {
      if (calls > 0) continue;
      this.end(session);
      // Not only once it is closed, which is later.
      this.open.delete(session);
      return true;
    }
    return false;
  }

  /** Tells all clients to connect again, and so perhaps elsewhere; what they have asked for is finished. */
  drain(): void {
    for (const [session, connection] of this.open) this.sendAway(session, connection);
  }

  /** Ends what has been silent, and sends away what is old. Called several times a second. */
  sweep(now: number): void {
    for (const [session, connection] of this.open) {
      const { askedAt, heardAt, goesAwayAt, expiresAt } = connection;
      if (heardAt < askedAt && now - askedAt > KEEP_ALIVE_TIMEOUT_MS) this.end(session);
      else if (goesAwayAt !== undefined) {
        const hasHeard = heardAt > goesAwayAt && now - heardAt > LEAVING_MS;
        if (hasHeard || now - goesAwayAt > HEARING_MS) close(session);
      } else if (now > expiresAt) this.sendAway(session, connection);
      else if (now - askedAt > KEEP_ALIVE_MS) this.ask(session, connection);
    }
  }

  /**
   * A client may send requests before it reads that it should not. They are taken until it has answered a ping and a
   * little longer, since some clients answer before they act: https://www.rfc-editor.org/rfc/rfc9113#section-6.8-17
   */
  private sendAway(session: Http2Session, connection: Connection): void {
    if (connection.goesAwayAt !== undefined || session.closed || session.destroyed) return;
    connection.goesAwayAt = performance.now();
    session.goaway(NGHTTP2_NO_ERROR, LAST_STREAM);
    this.ask(session, connection);
  }

  private ask(session: Http2Session, connection: Connection): void {
    if (session.destroyed) return;
    connection.askedAt = performance.now();
    session.ping((error) => {
      if (!error) connection.heardAt = performance.now();
    });
  }
}

/** The client may open no more streams, and the connection ends with the last one. */
function close(session: Http2Session): void {
  if (!session.closed && !session.destroyed) session.close();
}

/** A tenth more or less: connections that began together must not all come back together. */
function spread(seconds: number): number {
  return seconds * (0.9 + 0.2 * Math.random());
}
