import { constants, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { startReading, stopReading } from '../../socket-reading';
import { CALL_WORK, type Source, type Turns } from './turns';

const { NGHTTP2_NO_ERROR } = constants;

/** A call's frames, its headers aside; those of a chunk are no more than the chunk, so that a byte each explains little. */
const FRAME_BYTES = 64;
/** Of an answer, its client acknowledges so many with a byte of windows and pings, at most. */
const ANSWER_BYTES = 128;
/** What may be on its way of a message: HTTP/2's window, which Node keeps. */
const WINDOW_BYTES = 64 * 1024;

/** One client's connection: its age, its last sign of life, and the work that it causes. */
export class Connection implements Source {
  calls = 0;
  /** Time of the last ping, in performance.now() milliseconds. */
  pingedAt = performance.now();
  /** Time of the last answer to a ping. */
  heardAt = this.pingedAt;
  goesAwayAt?: number;
  hasEnded = false;
  /** Of those read since the last sweep, and a little before it, what requests and answers explain. */
  private explainedBytes = 0;
  /** The part of it that the last sweep has left. */
  private carriedBytes = 0;
  private bytesRead = 0;
  private bytesWritten = 0;

  constructor(
    readonly session: Http2Session,
    readonly socket: Socket,
    readonly expiresAt: number,
    private readonly turns: Turns,
  ) {}

  /** Counts a new call. @param headerBytes Bytes of its headers, uncompressed. */
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

  /** A call is reset whose message has not come to its end: some of that is on its way, and nobody is told of it. */
  ignoreRest(): void {
    this.explainedBytes += WINDOW_BYTES;
  }

  /** Counts work. @returns Whether there may be more of it in this turn. */
  hasRoom(work: number): boolean {
    return this.turns.add(this, work);
  }

  stopReading(): void {
    stopReading(this.socket);
  }

  resumeReading(): void {
    if (!this.socket.destroyed) startReading(this.socket);
  }

  /** How much has come since the last time that is no request: pings, settings, windows, resets, calls beyond the limit. */
  otherBytes(): number {
    const { bytesRead, bytesWritten } = this.socket;
    const explained = this.explainedBytes + (bytesWritten - this.bytesWritten) / ANSWER_BYTES;
    const left = explained - (bytesRead - this.bytesRead);
    // What is said to come may come a little later, but not whenever its client likes.
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
