import { MemoryFullError, ServingError } from '../base/errors';

/** Share of the budget that requests may hold while they wait for their clients to send or read the rest. */
const WAITING_SHARE = 1 / 2;
/** Time after which other requests may take the memory of a request that waits for its client. */
const PATIENCE_MS = 2000;

/**
 * Limit on the bytes that the process holds for requests of all transports, from the first byte of a request to the
 * last byte of its answer. Requests that wait for their clients may hold at most half of it. If other requests need
 * that memory, the oldest waiting request is dropped, so that a client that never completes its request, or never reads
 * its answer, cannot block others.
 */
export class MemoryBudget {
  private held = 0;
  private heldByWaiting = 0;
  /** Requests that wait for their clients, oldest first. */
  private readonly waiting = new Set<Holding>();

  /** @param totalBytes Limit in bytes; it changes once the model is loaded and its memory is known. */
  constructor(public totalBytes: number) {}

  get heldBytes(): number {
    return this.held;
  }

  /**
   * Opens a holding for a request.
   * @param headerBytes Bytes of its headers. @default 0
   * @throws ServingError `rejected` if the budget is full.
   */
  open(headerBytes = 0): Holding {
    return new Holding(this, headerBytes);
  }

  /** Reserves bytes for a holding. @throws ServingError if the budget has no room. */
  take(holding: Holding, bytes: number): void {
    if (holding.heldBytes + bytes > this.totalBytes) {
      throw new ServingError(
        'tooLarge',
        `the request takes ${holding.heldBytes + bytes} bytes of memory, but the server has only ${this.totalBytes} bytes for all requests; send less at a time, or raise the memory of the container (and requestBudgetBytes, if it is set)`,
      );
    }
    if (this.lacks(holding, bytes) && !this.makeRoom(holding, bytes)) throw this.full(bytes);
    this.held += bytes;
    if (holding.isWaiting) this.heldByWaiting += bytes;
  }

  /** Called only by Holding. */
  give(holding: Holding, bytes: number): void {
    this.held -= bytes;
    if (holding.isWaiting) this.heldByWaiting -= bytes;
  }

  /** Called only by Holding. */
  startWaiting(holding: Holding): void {
    this.waiting.add(holding);
    this.heldByWaiting += holding.heldBytes;
    if (this.lacks(holding, 0)) this.dropOverdue(holding);
  }

  /** Called only by Holding. */
  stopWaiting(holding: Holding): void {
    if (this.waiting.delete(holding)) this.heldByWaiting -= holding.heldBytes;
  }

  private lacks(holding: Holding, bytes: number): boolean {
    return (
      this.held + bytes > this.totalBytes ||
      (holding.isWaiting && this.heldByWaiting + bytes > WAITING_SHARE * this.totalBytes)
    );
  }

  private dropOverdue(holding: Holding): void {
    for (const other of this.overdue(holding)) {
      other.drop();
      if (!this.lacks(holding, 0)) return;
    }
  }

  /** Drops the oldest requests whose clients have taken too long, but only if that frees enough memory. */
  private makeRoom(holding: Holding, bytes: number): boolean {
    const dropped: Holding[] = [];
    let missing = bytes;
    for (const other of this.overdue(holding)) {
      if (!this.lacks(holding, missing)) break;
      missing -= other.heldBytes;
      dropped.push(other);
    }
    if (this.lacks(holding, missing)) return false;
    for (const other of dropped) other.drop();
    return true;
  }

  /** Requests whose clients have taken too long, oldest first. */
  private *overdue(holding: Holding): Iterable<Holding> {
    const now = performance.now();
    for (const other of this.waiting) {
      if (now - other.waitsSince < PATIENCE_MS) return;
      if (other !== holding) yield other;
    }
  }

  private full(bytes: number): MemoryFullError {
    const { held, heldByWaiting, totalBytes } = this;
    return new MemoryFullError(
      held + bytes > totalBytes
        ? `the memory for requests is full: ${held} of ${totalBytes} bytes are in use; try again later`
        : `requests that wait for their clients hold ${heldByWaiting} bytes, and their limit is ${WAITING_SHARE * totalBytes} bytes; try again later`,
    );
  }
}

/**
 * Memory that a request takes in addition to its body and any long headers: its objects, a hundred short headers and
 * its places in the queues.
 */
export const REQUEST_BYTES = 16 * 1024;

/**
 * Memory that each byte of headers takes. Node keeps long headers in strings and tables. Measured with 15 KiB of
 * headers, in bytes of memory per byte of headers: 0.8 with one long value, 1.6 with 95 headers of 150 bytes, and 2.5
 * with long names that differ from request to request.
 */
const BYTES_PER_HEADER_BYTE = 2.5;

/** Bytes of the names and values of headers. @param rawHeaders Names and values, alternating. */
export function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/** Memory that a request takes in addition to its body. */
export function requestBytes(ofHeaders: number): number {
  return REQUEST_BYTES + Math.ceil(BYTES_PER_HEADER_BYTE * ofHeaders);
}

/** Memory that one request reserves from the budget. The owner must release it, whatever the outcome of the request. */
export class Holding {
  private bytes = 0;
  private waitingSince = Infinity;
  private isReleased = false;
  private onDrop?: () => void;

  /** @throws ServingError `rejected` if the budget is full. */
  constructor(
    private readonly budget: MemoryBudget,
    headerBytes: number,
  ) {
    this.add(requestBytes(headerBytes));
  }

  get heldBytes(): number {
    return this.bytes;
  }

  /** Whether the request is waiting for its client to send or read more data. */
  get isWaiting(): boolean {
    return this.onDrop !== undefined;
  }

  /** Start of the wait for the client, in performance.now() milliseconds; Infinity if the request is not waiting. */
  get waitsSince(): number {
    return this.waitingSince;
  }

  /**
   * Reserves more bytes; call it before allocating them. A failed call leaves earlier reservations in place.
   * @throws ServingError `rejected` if other requests hold the missing memory, `tooLarge` if the whole budget is too
   * small, and `cancelled` after `release`, because nothing would free those bytes.
   */
  add(bytes: number): void {
    if (this.isReleased) throw new ServingError('cancelled', 'the request has already ended');
    this.budget.take(this, bytes);
    this.bytes += bytes;
  }

  /** Returns reserved bytes to the budget. */
  subtract(bytes: number): void {
    const given = Math.min(bytes, this.bytes);
    this.budget.give(this, given);
    this.bytes -= given;
  }

  /**
   * Starts waiting for the client, which must send the rest of its request or read the rest of its answer.
   * @param onDrop Called when other requests need the memory, after the holding has been released. Must end the
   * exchange with the client.
   */
  waitForClient(onDrop: () => void): void {
    if (this.onDrop || this.isReleased) return;
    this.onDrop = onDrop;
    this.waitingSince = performance.now();
    this.budget.startWaiting(this);
  }

  /** Stops waiting for the client. */
  stopWaiting(): void {
    if (!this.onDrop) return;
    this.budget.stopWaiting(this);
    this.onDrop = undefined;
    this.waitingSince = Infinity;
  }

  /** Releases the memory and calls `onDrop`. Called only by the budget, when other requests need the memory. */
  drop(): void {
    const { onDrop } = this;
    this.release();
    onDrop?.();
  }

  /** Returns all memory to the budget. Further calls do nothing. */
  release(): void {
    this.isReleased = true;
    this.stopWaiting();
    this.subtract(this.bytes);
  }
}
