import { ServingError } from '../base/errors';
import type { MemoryBudget } from './memory-budget';

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
