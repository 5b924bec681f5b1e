import { constants, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { startReading, stopReading } from '../../sockets/socket-reading';
import { CALL_WORK, type Source, type Turns } from './turns';

const { NGHTTP2_NO_ERROR } = constants;

/**
 * Allowance for the frames of a call, apart from its headers, and for the frames of a chunk of a message. The allowance
 * for a chunk is at most the chunk's length, so that one-byte chunks account for few other bytes.
 */
const FRAME_BYTES = 64;
/** Number of answer bytes for which a client sends at most one byte of WINDOW_UPDATE and PING frames. */
const ANSWER_BYTES = 128;
/** Bytes of an unfinished message that may still be in transit: the HTTP/2 window. */
const WINDOW_BYTES = 64 * 1024;

/** A client's connection: its age, the time of its last sign of life, and the work that it causes. */
export class Connection implements Source {
  calls = 0;
  /** Time of the last ping, in performance.now() milliseconds. */
  pingedAt = performance.now();
  /** Time of the last answer to a ping. */
  heardAt = this.pingedAt;
  goesAwayAt?: number;
  hasEnded = false;
  /**
   * Bytes that requests and answers account for: some were read since the last sweep, and the others are expected soon.
   */
  private explainedBytes = 0;
  /** Part of `explainedBytes` that was left over from the last sweep. */
  private carriedBytes = 0;
  private bytesRead = 0;
  private bytesWritten = 0;

  constructor(
    readonly session: Http2Session,
    readonly socket: Socket,
    readonly expiresAt: number,
    private readonly turns: Turns,
  ) {}

  /** Counts a new call. @param headerBytes Uncompressed bytes of the call's headers. */
  beginCall(headerBytes: number): void {
    this.calls++;
    this.explainedBytes += headerBytes + FRAME_BYTES;
    this.hasRoom(CALL_WORK);
  }

  /** Counts a chunk of a message. */
  receive(bytes: number): void {
    this.explainedBytes += bytes + Math.min(bytes, FRAME_BYTES);
    this.hasRoom(1);
  }

  /**
   * Allows for the rest of a message whose call is reset before its end: some of it may be in transit, and Node does
   * not report its arrival.
   */
  ignoreRest(): void {
    this.explainedBytes += WINDOW_BYTES;
  }

  /** Counts work that the connection causes. @returns Whether the connection may cause more work in this turn. */
  hasRoom(work: number): boolean {
    return this.turns.add(this, work);
  }

  stopReading(): void {
    stopReading(this.socket);
  }

  resumeReading(): void {
    if (!this.socket.destroyed) startReading(this.socket);
  }

  /**
   * Bytes received since the last call of this method that belong to no request: pings, settings, window updates,
   * resets, and calls beyond the limit.
   */
  otherBytes(): number {
    const { bytesRead, bytesWritten } = this.socket;
    const explained = this.explainedBytes + (bytesWritten - this.bytesWritten) / ANSWER_BYTES;
    const left = explained - (bytesRead - this.bytesRead);
    // Bytes that are expected but have not arrived are carried over to the next sweep, but no further, so that a client
    // cannot save them up.
    this.explainedBytes = Math.max(0, Math.min(left, this.explainedBytes - this.carriedBytes));
    this.carriedBytes = this.explainedBytes;
    this.bytesRead = bytesRead;
    this.bytesWritten = bytesWritten;
    return Math.max(0, -left);
  }

  /** Asks the client to send new requests on another connection. */
  sendAway(): void {
    const { session } = this;
    if (this.goesAwayAt !== undefined || session.closed || session.destroyed) return;
    this.goesAwayAt = performance.now();
    // nghttp2 ignores requests that arrive after the GOAWAY frame. The frame contains the last accepted stream, so that
    // clients retry later ones immediately.
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
