import type { Random } from './random';

const EDGES = [0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff];

/** Changes a few bytes: replaces, inserts, removes, repeats or cuts them. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = bytes;
  for (let times = 1 + random.below(3); times > 0; times--) mutated = mutateOnce(random, mutated);
  return mutated;
}

function mutateOnce(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(8));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(end)];
  switch (random.below(7)) {
    case 0:
      return Buffer.concat([before, random.bytes(end - at), after]);
    case 1:
      return Buffer.concat([before, Buffer.of(random.pick(EDGES)), bytes.subarray(at + 1)]);
    case 2:
      return Buffer.concat([before, Buffer.of(random.pick(EDGES)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 5:
      return before;
    default:
      return Buffer.concat([bytes, random.bytes(1 + random.below(16))]);
  }
}
