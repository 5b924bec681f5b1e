import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import { resolve } from 'node:path';
import { readCache, writeCache } from './cache';

export interface FileHash {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Minimum age of a file whose hash is cached. A second write within one tick of the file system's clock (2 s at worst,
 * on FAT) does not change the modification time. Git treats its index in the same way.
 */
const RACY_NANOSECONDS = 2_000_000_000n;

/**
 * Computes the sha256 of a file of any size, in chunks. The result is cached by path, size, modification time and
 * inode.
 *
 * @throws the error of node:fs if the file cannot be read
 */
export function fileSha256(path: string): FileHash {
  const stats = statSync(path, { bigint: true });
  const key = cacheKey(path, stats);
  const cached = readCache<FileHash>(key);
  if (cached) return cached;

  const hash = hashFile(path);
  const age = BigInt(Date.now()) * 1_000_000n - stats.mtimeNs;
  if (age > RACY_NANOSECONDS) writeCache(key, hash);
  return hash;
}

/** Key under which a file's hash is cached. The inode is 0 on file systems without inodes. */
function cacheKey(path: string, { size, mtimeNs, ino }: BigIntStats): string {
  return ['sha256', resolve(path), size, mtimeNs, ino].join('\n');
}

function hashFile(path: string): FileHash {
  const descriptor = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let sizeBytes = 0;
    for (let read; (read = readSync(descriptor, chunk)) > 0; sizeBytes += read) {
      hash.update(chunk.subarray(0, read));
    }
    return { sha256: hash.digest('hex'), sizeBytes };
  } finally {
    closeSync(descriptor);
  }
}
