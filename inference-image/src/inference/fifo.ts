/** Emptied slots at the front that are worth the moving of all others. */
const COMPACT_FROM = 64;

/**
 * First in, first out, except that an item may leave from the middle. Slots of an array, since a Set that grows and
 * shrinks all the time leaves tables behind that keep what was in them alive until the next full collection: under load
 * they made pauses of 12 ms out of pauses of 1 ms.
 */
export class Fifo<T extends object> {
  private readonly slots: (T | undefined)[] = [];
  private count = 0;
  private head = 0;

  get length(): number {
    return this.count;
  }

  /** The positions of items are from `start` to before `end`, as long as none is added. */
  get start(): number {
    return this.head;
  }

  get end(): number {
    return this.slots.length;
  }

  /** Undefined where the item has left. */
  at(position: number): T | undefined {
    return this.slots[position];
  }

  push(item: T): void {
    if (this.head > COMPACT_FROM && this.head > this.slots.length / 2) {
      this.slots.splice(0, this.head);
      this.head = 0;
    }
    this.slots.push(item);
    this.count++;
  }

  removeAt(position: number): void {
    this.slots[position] = undefined;
    this.count--;
    if (this.count === 0) this.slots.length = this.head = 0;
    else while (this.slots[this.head] === undefined) this.head++;
  }
}
