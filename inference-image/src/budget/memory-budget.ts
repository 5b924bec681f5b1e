import { ServingError } from '../errors';

/** What a request of no content takes: its objects, its headers, its place in the queues. */
export const REQUEST_BYTES = 16 * 1024;

/** Requests that hold no more than this may take the part of the budget that larger ones must leave free. */
const SMALL_BYTES = 64 * 1024;
/** Part of the budget that larger requests may hold together. */
const LARGE_SHARE = 3 / 4;

/** Why the budget refused bytes. */
export type Refusal = 'full' | 'tooLarge';

/**
 * Bytes that the process holds for requests, over all transports, from the first byte of a request to the last byte of
 * its answer. Small requests keep a part of it to themselves, so that a few large ones cannot shut them out.
 */
export class MemoryBudget {
  private held = 0;
  private heldByLarge = 0;
  private readonly refusals: Record<Refusal, number> = { full: 0, tooLarge: 0 };

  /** @param total Bytes; may change once the model is loaded and its own memory is known. */
  constructor(private total: number) {}

  get totalBytes(): number {
    return this.total;
  }

  set totalBytes(bytes: number) {
    this.total = bytes;
  }

  get heldBytes(): number {
    return this.held;
  }

  /** How often the budget refused bytes. */
  get refused(): Readonly<Record<Refusal, number>> {
    return this.refusals;
  }

  /**
   * Begins to count a request.
   * @throws ServingError `rejected` where the budget is full.
   */
  open(): Holding {
    return new Holding(this);
  }

  /** For Holding alone. @param before What the request holds already. @param bytes What it wants besides. */
  take(before: number, bytes: number): void {
    const after = before + bytes;
    const isLarge = after > SMALL_BYTES;
    if (isLarge && after > LARGE_SHARE * this.total) {
      this.refusals.tooLarge++;
      throw new ServingError(
        'tooLarge',
        `the request takes more memory than the server has for one: ${after} bytes of ${Math.floor(LARGE_SHARE * this.total)}; send less at a time, or give the container more memory`,
      );
    }
    const large = isLarge ? after - (before > SMALL_BYTES ? before : 0) : 0;
    if (this.held + bytes > this.total || this.heldByLarge + large > LARGE_SHARE * this.total) {
      this.refusals.full++;
      throw new ServingError(
        'rejected',
        `the memory for requests is full: ${this.held} of ${this.total} bytes are in use`,
      );
    }
    this.held += bytes;
    this.heldByLarge += large;
  }

  /** For Holding alone. */
  give(before: number, bytes: number): void {
    const after = before - bytes;
    this.held -= bytes;
    if (before > SMALL_BYTES) this.heldByLarge -= after > SMALL_BYTES ? bytes : before;
  }
}

/** What one request holds of the budget. It must be released once, whatever becomes of the request. */
export class Holding {
  private bytes = 0;

  constructor(private readonly budget: MemoryBudget) {
    this.add(REQUEST_BYTES);
  }

  get heldBytes(): number {
    return this.bytes;
  }

  /**
   * Holds more bytes: call it before they are allocated.
   * @throws ServingError `rejected` where others hold what is missing, and `tooLarge` where no one request may hold so
   * much. What was held before is still held.
   */
  add(bytes: number): void {
    this.budget.take(this.bytes, bytes);
    this.bytes += bytes;
  }

  /** Gives bytes back that were added. */
  subtract(bytes: number): void {
    const given = Math.min(bytes, this.bytes);
    this.budget.give(this.bytes, given);
    this.bytes -= given;
  }

  /** Gives back everything. More calls do nothing. */
  release(): void {
    this.subtract(this.bytes);
  }
}
