import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { MemoryFullError } from '../base/errors';
import type { MemoryBudget } from './memory-budget';

const MIB = 1024 * 1024;

/**
 * Minimum limit on the total bytes of unread answers in the operating system's buffers. This memory counts toward the
 * container's limit.
 */
const MIN_LIMIT_BYTES = 16 * MIB;
/**
 * Limit on unread answers as a share of the budget; MIN_LIMIT_BYTES applies if it is larger. Even a few clients with
 * large answers briefly leave that much unread.
 */
const LIMIT_SHARE = 1 / 16;
/**
 * Maximum number of bytes that the operating system buffers for a connection by default. The rest of an answer stays in
 * the server's memory, where the budget counts it.
 */
const CONNECTION_BYTES = 4 * MIB;
/** Share of the limit above which slow readers are disconnected. */
const CROWDED_SHARE = 1 / 2;
/**
 * Time for which a client is observed before it may be disconnected, and the bytes per second that it must read during
 * that time.
 */
const PATIENCE_MS = 2000;
const MIN_SPEED = 64 * 1024;
/** Bytes that may be sent to a client that has read everything so far, even if the limit is reached. */
const SMALL_BYTES = 16 * 1024;
const SWEEP_MS = 1000;
/** Maximum age of a scan that may decide whether a request is refused. */
const REFRESH_MS = 20;
/**
 * Share of the event loop's time that scans may take. Tables can be long: rows of closed connections stay for a minute,
 * up to a hundred thousand of them.
 */
const SCANNING_SHARE = 1 / 10;

/** Tables of the connections of this network namespace: https://docs.kernel.org/networking/proc_net_tcp.html */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
const ROW = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):([0-9A-F]{8}) /gm;

interface Watched {
  /**
   * Bytes that the client had read when a scan first found unread bytes, and the time of that scan; undefined if it has
   * read everything.
   */
  behind?: { readonly read: number; readonly since: number };
  /** Unread bytes that the last scan found. */
  unread: number;
  /** Bytes of answers sent since the last scan began. */
  sent: number;
  /** Total bytes written to the connection when the last scan began. */
  written: number;
  /** Values of `sent` and `written` when the current scan began. */
  before: { readonly sent: number; readonly written: number };
  /** Bytes that the server had read when a scan first found unread request bytes, and the time of that scan. */
  stalled?: { readonly bytesRead: number; readonly since: number };
}

/** Bytes that the operating system buffers for a connection. */
interface Queues {
  /** Bytes of answers that the client has not read. */
  readonly unread: number;
  /** Bytes of requests that have arrived but that the server has not read. */
  readonly unreceived: number;
}

const NO_QUEUES: Queues = { unread: 0, unreceived: 0 };

/** Upper bound of the bytes that may be unread on a connection after `sent` more bytes. */
function mostUnreadOfConnection(unread: number, sent: number): number {
  return Math.max(unread, Math.min(unread + sent, CONNECTION_BYTES));
}

/**
 * Bounds the unread answers in the operating system's buffers, which hold up to 4 MiB for each connection. Node reports
 * neither the size nor the age of unread answers, and does not limit them. Linux reports their size for each
 * connection; on other systems, these buffers are not bounded.
 *
 * If a client leaves too much unread, node:http stops reading from it. The operating system then buffers the requests
 * that the client keeps sending: several MiB for a connection that was fast before. Those bytes are bounded in the same
 * way.
 */
export class UnreadAnswers {
  private bytes = 0;
  private unreceivedBytes = 0;
  private unreadAtScan = 0;
  private isScanning = false;
  private scans = 0;
  private nextScanAt = -Infinity;
  private readonly ports = new Set<number>();
  private readonly watched = new Map<Socket, Watched>();

  constructor(
    private readonly budget: Pick<MemoryBudget, 'totalBytes'>,
    private readonly metrics: { observeDrop(reason: 'unread'): void },
  ) {
    setInterval(
      () => (this.isCrowded(this.mostUnread()) || this.hasPausedSocket()) && void this.scanLater(),
      SWEEP_MS,
    ).unref();
  }

  /**
   * Watches a connection. Its client is disconnected if it reads slowly while the unread answers of all clients exceed
   * half of the limit.
   */
  watch(socket: Socket): void {
    if (socket.localPort !== undefined) this.ports.add(socket.localPort);
    const written = socket.bytesWritten;
    this.watched.set(socket, { unread: 0, sent: 0, written, before: { sent: 0, written } });
    socket.once('close', () => this.watched.delete(socket));
  }

  /**
   * Counts an answer that was handed to the operating system. Until the next scan it counts as unread, but no
   * connection counts as more than 4 MiB.
   */
  sent(socket: Socket, bytes: number): void {
    const watched = this.watched.get(socket) ?? { unread: 0, sent: 0 };
    const before = mostUnreadOfConnection(watched.unread, watched.sent);
    watched.sent += bytes;
    this.bytes += mostUnreadOfConnection(watched.unread, watched.sent) - before;
    if (this.isCrowded(this.bytes) && this.mayScan) void this.scanLater();
  }

  /**
   * Checks for room before the work for an answer starts. A client that has read everything so far passes even if the
   * limit is reached, since its answer may be small.
   * @throws ServingError `rejected` if there is no room for more answers.
   */
  assertRoom(socket: Socket): void {
    const watched = this.watched.get(socket);
    if (this.isFull() && !(watched && !watched.behind && watched.sent <= SMALL_BYTES)) throw this.full();
  }

  /**
   * Checks for room before an answer is sent.
   * @throws ServingError `rejected` if there is no room for it.
   */
  assertFits(bytes: number): void {
    if (bytes > SMALL_BYTES && this.isFull()) throw this.full();
  }

  private isFull(): boolean {
    if (this.bytes > this.limitBytes && this.mayScan) this.scan();
    return this.bytes > this.limitBytes;
  }

  /** Whether the last scan is old enough for a new one to start. */
  private get mayScan(): boolean {
    return performance.now() > this.nextScanAt;
  }

  private isCrowded(bytes: number): boolean {
    return bytes > CROWDED_SHARE * this.limitBytes;
  }

  /**
   * Limit on unread answers. It is computed at each access, because the budget is known only once the model is loaded.
   */
  private get limitBytes(): number {
    return Math.max(MIN_LIMIT_BYTES, LIMIT_SHARE * this.budget.totalBytes);
  }

  private full(): MemoryFullError {
    return new MemoryFullError(`clients have not read ${this.bytes} bytes of answers; try again later`);
  }

  /**
   * Upper bound of the bytes that are unread now. It includes all bytes written since the last scan. These are not only
   * answers: HTTP/2 also writes acknowledgments for everything that a client sends.
   */
  private mostUnread(): number {
    let bytes = this.unreadAtScan;
    for (const [socket, { unread, written }] of this.watched) {
      bytes += mostUnreadOfConnection(unread, socket.bytesWritten - written) - unread;
    }
    return Math.max(bytes, this.bytes);
  }

  /** Whether reading from any connection is paused. */
  private hasPausedSocket(): boolean {
    for (const socket of this.watched.keys()) if (socket.isPaused()) return true;
    return false;
  }

  /** Scans without blocking the event loop, because reading large tables takes 10 ms. */
  private async scanLater(): Promise<void> {
    if (this.isScanning) return;
    this.isScanning = true;
    const scan = this.beginScan();
    const texts = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
    this.isScanning = false;
    // The results are discarded if another scan has begun since, because its data is newer.
    if (scan === this.scans) this.endScan(texts, performance.now());
  }

  private scan(): void {
    const began = performance.now();
    this.beginScan();
    this.endScan(TABLES.map(textOf), began);
  }

  /** @returns The number of the scan. */
  private beginScan(): number {
    for (const [socket, watched] of this.watched) {
      watched.before = { sent: watched.sent, written: socket.bytesWritten };
    }
    return ++this.scans;
  }

  /** @param began - Time at which the scan began to occupy the event loop. */
  private endScan(texts: readonly string[], began: number): void {
    const queues = this.measure(texts, began);
    const now = performance.now();
    let sent = 0;
    for (const [socket, watched] of this.watched) {
      const queue = queues.get(keyOf(socket.localPort, socket.remotePort)) ?? NO_QUEUES;
      const queued = queue.unread;
      if (this.isStalled(socket, watched, queue.unreceived, now)) {
        this.disconnect(socket, queue);
        continue;
      }
      const read = socket.bytesWritten - socket.writableLength - queued;
      watched.unread = queued;
      watched.sent -= watched.before.sent;
      watched.written = watched.before.written;
      sent += mostUnreadOfConnection(queued, watched.sent) - queued;
      if (queued === 0) watched.behind = undefined;
      else if (!watched.behind) watched.behind = { read, since: now };
      else if (now - watched.behind.since >= PATIENCE_MS) {
        const isSlow = read - watched.behind.read < (MIN_SPEED * (now - watched.behind.since)) / 1000;
        if (isSlow && this.isCrowded(this.bytes)) this.disconnect(socket, queue);
        else watched.behind = { read, since: now };
      }
    }
    this.bytes += sent;
  }

  /**
   * Whether the server has read nothing for two seconds from a connection with unread request bytes, while the unread
   * request bytes of all connections exceed half of the limit.
   */
  private isStalled(socket: Socket, watched: Watched, unreceived: number, now: number): boolean {
    const { bytesRead } = socket;
    if (unreceived === 0) watched.stalled = undefined;
    else if (watched.stalled?.bytesRead !== bytesRead) watched.stalled = { bytesRead, since: now };
    else return now - watched.stalled.since >= PATIENCE_MS && this.isCrowded(this.unreceivedBytes);
    return false;
  }

  private disconnect(socket: Socket, { unread, unreceived }: Queues): void {
    this.metrics.observeDrop('unread');
    // Only a reset makes the operating system discard the buffered bytes.
    socket.resetAndDestroy();
    this.bytes -= unread;
    this.unreceivedBytes -= unreceived;
  }

  /** Counts the buffered bytes. @returns The bytes of each connection by its `keyOf`. */
  private measure(texts: readonly string[], began: number): ReadonlyMap<string, Queues> {
    const queues = new Map<string, Queues>();
    this.bytes = this.unreceivedBytes = 0;
    for (const text of texts) {
      for (const [, local, remote, sent, arrived] of text.matchAll(ROW)) {
        const port = parseInt(local as string, 16);
        const unread = parseInt(sent as string, 16);
        const unreceived = parseInt(arrived as string, 16);
        // A listening socket has remote port 0. It is skipped, because its receive queue counts connections instead of
        // bytes.
        const other = parseInt(remote as string, 16);
        if (unread + unreceived === 0 || other === 0 || !this.ports.has(port)) continue;
        queues.set(keyOf(port, other), { unread, unreceived });
        this.bytes += unread;
        this.unreceivedBytes += unreceived;
      }
    }
    this.unreadAtScan = this.bytes;
    const ended = performance.now();
    this.nextScanAt = ended + Math.max(REFRESH_MS, (ended - began) / SCANNING_SHARE);
    return queues;
  }
}

/** Key of a connection; clients with different addresses may have the same key. */
function keyOf(localPort: number | undefined, remotePort: number | undefined): string {
  return `${localPort} ${remotePort}`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
