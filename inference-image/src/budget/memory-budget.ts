import { MemoryFullError, ServingError } from '../errors';
import { Holding } from './holding';

/** Part of the budget that requests may hold while they wait for their clients, to send or to read the rest. */
const WAITING_SHARE = 1 / 2;
/** How long a client may take before others may have the memory that its request holds. */
const PATIENCE_MS = 2000;

/**
 * Bytes that the process holds for requests, over all transports, from the first byte of a request to the last byte of
 * its answer. Requests that wait for their clients hold a part of it at most, and the oldest of them is dropped where
 * its memory is needed: a client that never ends its request, or never reads its answer, shuts nobody out.
 */
export class MemoryBudget {
  private held = 0;
  private heldByWaiting = 0;
  /** Those that wait for their clients, the oldest first. */
  private readonly waiting = new Set<Holding>();

  /** @param totalBytes May change once the model is loaded and its own memory is known. */
  constructor(public totalBytes: number) {}

  get heldBytes(): number {
    return this.held;
  }

  /**
   * Begins to count a request.
   * @throws ServingError `rejected` where the budget is full.
   */
  open(): Holding {
    return new Holding(this);
  }

  /** For Holding: throws where it may not hold so many bytes more. */
  take(holding: Holding, bytes: number): void {
    if (holding.heldBytes + bytes > this.totalBytes) {
      throw new ServingError(
        'tooLarge',
        `the request takes ${holding.heldBytes + bytes} bytes of memory; the server has ${this.totalBytes} for all requests; send less at a time, or raise the memory of the container (and requestBudgetBytes, where it is set)`,
      );
    }
    if (this.lacks(holding, bytes)) this.dropWaiting(holding, bytes);
    if (this.lacks(holding, bytes)) {
      throw new MemoryFullError(
        `the memory for requests is full: ${this.held} of ${this.totalBytes} bytes are in use; try again later`,
      );
    }
    this.held += bytes;
    if (holding.isWaiting) this.heldByWaiting += bytes;
  }

  /** For Holding. */
  give(holding: Holding, bytes: number): void {
    this.held -= bytes;
    if (holding.isWaiting) this.heldByWaiting -= bytes;
  }

  /** For Holding. */
  startWaiting(holding: Holding): void {
    this.waiting.add(holding);
    this.heldByWaiting += holding.heldBytes;
    if (this.lacks(holding, 0)) this.dropWaiting(holding, 0);
  }

  /** For Holding. */
  stopWaiting(holding: Holding): void {
    if (this.waiting.delete(holding)) this.heldByWaiting -= holding.heldBytes;
  }

  private lacks(holding: Holding, bytes: number): boolean {
    return (
      this.held + bytes > this.totalBytes ||
      (holding.isWaiting && this.heldByWaiting + bytes > WAITING_SHARE * this.totalBytes)
    );
  }

  /** Drops the oldest of those whose clients have had time enough, until there is room. */
  private dropWaiting(holding: Holding, bytes: number): void {
    const now = performance.now();
    for (const other of this.waiting) {
      if (now - other.waitsSince < PATIENCE_MS) return;
      if (other === holding) continue;
      other.drop();
      if (!this.lacks(holding, bytes)) return;
    }
  }
}
