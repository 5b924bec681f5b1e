import { Choices } from '../support/random-graphs/choices';

/** Random numbers that depend only on the seed and the index, so that a case can be reproduced from them. */
export class Random extends Choices {
  constructor(seed: number, index: number) {
    super(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
