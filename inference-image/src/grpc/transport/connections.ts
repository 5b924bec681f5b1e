import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { expiryOf } from '../../connection-age';
import { Connection } from './connection';
import { Turns } from './turns';

/** Below the idle timeout of common load balancers (60 s), so that a quiet connection stays open. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
/** Time that a client has to receive a GOAWAY frame, and then to act on it. */
const GOAWAY_DELIVERY_MS = 1000;
const GOAWAY_REACTION_MS = 100;

/**
 * The connections of a gRPC server. Old ones are asked to go away, because a load balancer that balances connections
 * would otherwise send no traffic to new replicas. Connections that answer no ping, or that send much more than their
 * requests need, are ended.
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
    // Only the client needs to notice a connection error.
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
   * Ends silent and flooding connections, and asks old ones to go away. Called several times a second.
   *
   * After a GOAWAY frame the connection stays open until the client has answered a ping, and a little longer. By then
   * it has read which of its requests were accepted: https://www.rfc-editor.org/rfc/rfc9113#section-6.8-17
   */
  sweep(now: number): void {
    for (const connection of this.open.values()) {
      const { pingedAt, heardAt, goesAwayAt, expiresAt } = connection;
      const isSilent = heardAt < pingedAt && now - pingedAt > KEEP_ALIVE_TIMEOUT_MS;
      if (isSilent || connection.isFlooding()) connection.end();
      else if (goesAwayAt !== undefined) {
        const hasHeard = heardAt > goesAwayAt && now - heardAt > GOAWAY_REACTION_MS;
        if (hasHeard || now - goesAwayAt > GOAWAY_DELIVERY_MS) connection.close();
      } else if (now > expiresAt) connection.sendAway();
      else if (now - pingedAt > KEEP_ALIVE_MS) connection.ping();
    }
  }
}
