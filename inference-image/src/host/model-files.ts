import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { ModelFile, ModelManifest } from '../contract/model-manifest';

const CHUNK_BYTES = 1024 * 1024;

/** Throws if a file differs from its entry in model.json. Files are streamed, so their size does not matter. */
export async function verifyFiles(folder: string, manifest: ModelManifest): Promise<void> {
  for (const file of manifest.files) await verifyFile(folder, file);
}

async function verifyFile(folder: string, expected: ModelFile): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(folder, expected.path), { highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  const sha256 = hash.digest('hex');
  if (sizeBytes !== expected.sizeBytes || sha256 !== expected.sha256) {
    const actual = `has ${sizeBytes} bytes and sha256 ${sha256}`;
    throw new Error(
      `${expected.path} ${actual}; model.json declares ${expected.sizeBytes} bytes and ${expected.sha256}`,
    );
  }
}
