import { ServingError } from '../errors';
import type { MemoryBudget } from './memory-budget';

/** What a request of no content takes: its objects, a hundred short headers, its place in the queues. */
export const REQUEST_BYTES = 16 * 1024;

/**
 * Memory for each byte of its headers. Node keeps long ones in strings and tables: 0.8 bytes for a byte of one long value,
 * 1.6 of 95 headers of 150 bytes, and 2.5 where names are long and no two requests have the same (measured with 15 KiB).
 */
const BYTES_PER_HEADER_BYTE = 2.5;

/** Bytes of the names and values of headers. @param rawHeaders Names and values by turns. */
export function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/** Memory that a request takes beside its body. */
export function requestBytes(ofHeaders: number): number {
  return REQUEST_BYTES + Math.ceil(BYTES_PER_HEADER_BYTE * ofHeaders);
}

/** What one request holds of the budget. It must be released, whatever becomes of the request. */
export class Holding {
  private bytes = 0;
  private waitingSince = Infinity;
  private isReleased = false;
  private onDrop?: () => void;

  /** @throws ServingError `rejected` where the budget is full. */
  constructor(
    private readonly budget: MemoryBudget,
    headerBytes: number,
  ) {
    this.add(requestBytes(headerBytes));
  }

  get heldBytes(): number {
    return this.bytes;
  }

  /** Whether the client must send or read more. */
  get isWaiting(): boolean {
    return this.onDrop !== undefined;
  }

  /** Since when it waits for its client, as performance.now() counts milliseconds; Infinity where it does not. */
  get waitsSince(): number {
    return this.waitingSince;
  }

  /**
   * Holds more bytes: call it before they are allocated.
   * @throws ServingError `rejected` where others hold what is missing, and `tooLarge` where the whole budget is less.
   * What was held before is still held. `cancelled` once it is released: nobody would give those bytes back.
   */
  add(bytes: number): void {
    if (this.isReleased) throw new ServingError('cancelled', 'the request has ended already');
    this.budget.take(this, bytes);
    this.bytes += bytes;
  }

  /** Gives bytes back that were added. */
  subtract(bytes: number): void {
    const given = Math.min(bytes, this.bytes);
    this.budget.give(this, given);
    this.bytes -= given;
  }

  /**
   * The rest depends on the client: it has to send the rest of its request, or to read the rest of its answer.
   * @param onDrop Ends the exchange with the client, where its memory is needed; the holding is released already.
   */
  waitForClient(onDrop: () => void): void {
    if (this.onDrop || this.isReleased) return;
    this.onDrop = onDrop;
    this.waitingSince = performance.now();
    this.budget.startWaiting(this);
  }

  /** The client has done its part. */
  goOn(): void {
    if (!this.onDrop) return;
    this.budget.stopWaiting(this);
    this.onDrop = undefined;
    this.waitingSince = Infinity;
  }

  /** For the budget alone. */
  drop(): void {
    const { onDrop } = this;
    this.release();
    onDrop?.();
  }

  /** Gives back everything. More calls do nothing. */
  release(): void {
    this.isReleased = true;
    this.goOn();
    this.subtract(this.bytes);
  }
}
