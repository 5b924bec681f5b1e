import { constants, deflateSync, gzipSync } from 'node:zlib';

export const MIB = 1024 * 1024;

/** Repeats a unit of bytes up to a size. */
export function filled(size: number, unit: string | Buffer): Buffer {
  const { length } = Buffer.from(unit);
  return Buffer.alloc(Math.floor(size / length) * length, unit);
}

/** Compresses at the highest level, which reduces repeated data to a thousandth of its size. */
export function gzip(body: Buffer): Buffer {
  return gzipSync(body, { level: constants.Z_BEST_COMPRESSION });
}

export function deflate(body: Buffer): Buffer {
  return deflateSync(body, { level: constants.Z_BEST_COMPRESSION });
}

/** Distinct numbers as text. */
export function numbers(count: number): string {
  const parts: string[] = [];
  for (let i = 0; i < count; i++) parts.push(((i % 9973) / 7919).toFixed(7));
  return parts.join();
}
