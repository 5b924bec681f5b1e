import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { expiryOf } from '../../sockets/closing';
import { Connection } from './connection';
import { Turns } from './turns';

/**
 * Interval between pings, below the idle timeout of common load balancers (60 s), so that idle connections stay open.
 */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
/** Maximum time for a client to receive a GOAWAY frame, and then to react to it. */
const GOAWAY_DELIVERY_MS = 1000;
const GOAWAY_REACTION_MS = 100;
/**
 * Maximum number of bytes that belong to no call and arrive between two sweeps: on one connection, and on all
 * connections in total.
 */
const MAX_OTHER_BYTES = 512 * 1024;
const MAX_OTHER_BYTES_OF_ALL = 2 * 1024 * 1024;

/**
 * The connections of a gRPC server. The server asks clients of old connections to reconnect, because a load balancer
 * that balances connections would otherwise send no traffic to new replicas. It ends connections that do not answer
 * pings, and connections that send too many bytes that belong to no call. If all connections together exceed their
 * limit, it ends the connections that send the most.
 */
export class Connections {
  private readonly open = new Map<Http2Session, Connection>();
  private readonly turns = new Turns();

  constructor(private readonly maxAgeSeconds: number) {}

  get size(): number {
    return this.open.size;
  }

  /** @param socket Socket of the session. */
  add(session: Http2Session, socket: Socket): void {
    const expiresAt = expiryOf(this.maxAgeSeconds);
    const connection = new Connection(session, socket, expiresAt, this.turns);
    this.open.set(session, connection);
    this.turns.join(connection);
    // Connection errors are not logged, because they affect only the client.
    session.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.turns.delete(connection);
      this.open.delete(session);
    });
  }

  of(session: Http2Session | undefined): Connection | undefined {
    return session && this.open.get(session);
  }

  /** Ends the oldest connection without calls; returns false if there is none. */
  endIdle(): boolean {
    for (const connection of this.open.values()) {
      if (connection.calls > 0) continue;
      connection.end();
      // The close event comes later.
      this.open.delete(connection.session);
      return true;
    }
    return false;
  }

  /** Asks all clients to reconnect, possibly to another replica; requests already sent are completed. */
  drain(): void {
    for (const connection of this.open.values()) connection.sendAway();
  }

  /**
   * Ends silent and flooding connections, and asks clients of old ones to reconnect. Called several times a second.
   *
   * After a GOAWAY frame, the connection stays open until shortly after the client has answered a ping. By then, the
   * client has read which of its requests were accepted: https://www.rfc-editor.org/rfc/rfc9113#section-6.8-17
   */
  sweep(now: number): void {
    this.endFlooding(now);
    for (const connection of this.open.values()) {
      const { pingedAt, heardAt, goesAwayAt, expiresAt } = connection;
      const isSilent = heardAt < pingedAt && now - pingedAt > KEEP_ALIVE_TIMEOUT_MS;
      if (isSilent) connection.end();
      else if (goesAwayAt !== undefined) {
        const hasHeard = heardAt > goesAwayAt && now - heardAt > GOAWAY_REACTION_MS;
        if (hasHeard || now - goesAwayAt > GOAWAY_DELIVERY_MS) connection.close();
      } else if (now > expiresAt) connection.sendAway();
      else if (now - pingedAt > KEEP_ALIVE_MS) connection.ping();
    }
  }

  private endFlooding(now: number): void {
    const senders: { connection: Connection; bytes: number }[] = [];
    let left = 0;
    for (const connection of this.open.values()) {
      const bytes = connection.otherBytes();
      if (bytes > MAX_OTHER_BYTES) connection.end();
      // Until a client receives the GOAWAY frame, it may send calls that are not accepted. Their bytes do not count.
      else if (
        bytes > 0 &&
        !(connection.goesAwayAt !== undefined && now - connection.goesAwayAt < GOAWAY_DELIVERY_MS)
      ) {
        senders.push({ connection, bytes });
        left += bytes;
      }
    }
    if (left <= MAX_OTHER_BYTES_OF_ALL) return;
    for (const { connection, bytes } of senders.sort((a, b) => b.bytes - a.bytes)) {
      if (left <= MAX_OTHER_BYTES_OF_ALL) return;
      connection.end();
      left -= bytes;
    }
  }
}
