import { constants, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { startReading, stopReading } from '../../socket-reading';
import { CALL_WORK, type Source, type Turns } from './turns';

const { NGHTTP2_NO_ERROR } = constants;

/** Frames of less are mostly their own headers. */
const SMALL_CHUNK_BYTES = 256;
/** A call's frames, its headers aside. */
const CALL_BYTES = 64;
/** What may come between two sweeps and is no request: pings, settings, windows, resets, calls beyond the limit. */
const MAX_OTHER_BYTES = 512 * 1024;

/** One client's connection: its age, its silence, and how much work it makes. */
export class Connection implements Source {
  calls = 0;
  /** When it has been asked for a sign of life, and when it gave one; as performance.now() counts milliseconds. */
  askedAt = performance.now();
  heardAt = this.askedAt;
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

  /** A call begins. @param headerBytes Of its headers, uncompressed. */
  beginCall(headerBytes: number): void {
    this.calls++;
    this.requestBytes += headerBytes + CALL_BYTES;
    this.hasRoom(CALL_WORK);
  }

  /** A chunk of a message has come. */
  receive(bytes: number): void {
    this.requestBytes += bytes < SMALL_CHUNK_BYTES ? bytes : bytes + CALL_BYTES;
    this.hasRoom(1);
  }

  /** Counts work. @returns Whether there may be more of it in this turn. */
  hasRoom(work: number): boolean {
    return this.turns.add(this, work);
  }

  stopReading(): void {
    stopReading(this.socket);
  }

  readOn(): void {
    if (!this.socket.destroyed) startReading(this.socket);
  }

  /** Whether more has come since the last time than its requests explain. */
  isFlooding(): boolean {
    const { bytesRead } = this.socket;
    const others = bytesRead - this.bytesRead - this.requestBytes;
    this.bytesRead = bytesRead;
    this.requestBytes = 0;
    return others > MAX_OTHER_BYTES;
  }

  /** Tells the client to connect again for what it has not sent yet. */
  sendAway(): void {
    const { session } = this;
    if (this.goesAwayAt !== undefined || session.closed || session.destroyed) return;
    this.goesAwayAt = performance.now();
    // nghttp2 ignores what comes after it. The client is told so by the last stream that was taken, and tries again at once.
    session.goaway(NGHTTP2_NO_ERROR);
    this.ask();
  }

  /** Asks for a sign of life. */
  ask(): void {
    if (this.session.destroyed) return;
    this.askedAt = performance.now();
    this.session.ping((error) => {
      if (!error) this.heardAt = performance.now();
    });
  }

  /** The client may open no more calls, and the connection ends with the last one. */
  close(): void {
    if (!this.session.closed && !this.session.destroyed) this.session.close();
  }

  /** Ends it, whatever is on its way. (A session alone would wait for a client that does not read.) */
  end(): void {
    this.hasEnded = true;
    this.session.destroy();
    this.socket.destroy();
  }
}
