import { constants, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { startReading, stopReading } from '../../socket-reading';
import { CALL_WORK, type Source, type Turns } from './turns';

const { NGHTTP2_NO_ERROR } = constants;

/** Below this size, frames consist mostly of their own headers. */
const SMALL_CHUNK_BYTES = 256;
/** Bytes of a call's frames, without its headers. */
const CALL_BYTES = 64;
/**
 * Limit on bytes between two sweeps that are not requests: pings, settings, window updates, resets, and calls beyond
 * the limit.
 */
const MAX_OTHER_BYTES = 512 * 1024;

/** One client's connection: its age, its last sign of life, and the work that it causes. */
export class Connection implements Source {
  calls = 0;
  /** Time of the last ping, in performance.now() milliseconds. */
  pingedAt = performance.now();
  /** Time of the last answer to a ping. */
  heardAt = this.pingedAt;
  goesAwayAt?: number;
  hasEnded = false;
  private requestBytes = 0;
  private bytesRead = 0;

  constructor(
    readonly session: Http2Session,
    readonly socket: Socket,
    readonly expiresAt: number,
    private readonly turns: Turns,
  ) {}

  /** Counts a new call. @param headerBytes Bytes of its headers, uncompressed. */
  beginCall(headerBytes: number): void {
    this.calls++;
    this.requestBytes += headerBytes + CALL_BYTES;
    this.hasRoom(CALL_WORK);
  }

  /** Counts a chunk of a message. */
  receive(bytes: number): void {
    this.requestBytes += bytes < SMALL_CHUNK_BYTES ? bytes : bytes + CALL_BYTES;
    this.hasRoom(1);
  }

  /** Counts work. @returns Whether the connection may do more in this turn. */
  hasRoom(work: number): boolean {
    return this.turns.add(this, work);
  }

  stopReading(): void {
    stopReading(this.socket);
  }

  resumeReading(): void {
    if (!this.socket.destroyed) startReading(this.socket);
  }

  /** Whether the bytes since the last check exceed what its requests explain. */
  isFlooding(): boolean {
    const { bytesRead } = this.socket;
    const others = bytesRead - this.bytesRead - this.requestBytes;
    this.bytesRead = bytesRead;
    this.requestBytes = 0;
    return others > MAX_OTHER_BYTES;
  }

  /** Asks the client to send new requests on another connection. */
  sendAway(): void {
    const { session } = this;
    if (this.goesAwayAt !== undefined || session.closed || session.destroyed) return;
    this.goesAwayAt = performance.now();
    // nghttp2 ignores requests that arrive after it. The frame names the last accepted stream, so clients retry the
    // others at once.
    session.goaway(NGHTTP2_NO_ERROR);
    this.ping();
  }

  /** Sends a ping. */
  ping(): void {
    if (this.session.destroyed) return;
    this.pingedAt = performance.now();
    this.session.ping((error) => {
      if (!error) this.heardAt = performance.now();
    });
  }

  /** Refuses new calls; the connection closes after the last one. */
  close(): void {
    if (!this.session.closed && !this.session.destroyed) this.session.close();
  }

  /** Ends the connection at once. Destroying only the session would wait for a client that does not read. */
  end(): void {
    this.hasEnded = true;
    this.session.destroy();
    this.socket.destroy();
  }
}
