import { Token } from 'cdktf';
import type { OnnxModel } from './model/onnx-model';
import { peakMemoryMiB } from './profile/peak-memory';

const MIB = 1024 * 1024;

/** Bytes in whole MiB, rounded up. */
export function inMiB(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

/** What the server and the runtime take before any model, in MiB: 136 resident with a model of 0.25 MB (docs/docker.md). */
export const RUNTIME_MEMORY_MIB = 160;

/**
 * Below this the container is killed, in MiB: under load, where the model's profile says what it took; else while it
 * loads, by the runtime and the weights once for each executor.
 */
export function minimumMemoryMiB(model: OnnxModel, executors = 1): number {
  if (model.profile) return peakMemoryMiB(model.profile, known(executors));
  return RUNTIME_MEMORY_MIB + known(executors) * inMiB(model.sizeBytes);
}

/** Of a PNG file while it is decoded: 21 were measured, with 16 million pixels (docs/preprocessing.md). */
const DECODED_BYTES_A_PIXEL = 24;

/** What the largest picture takes while it is decoded, where the model takes pictures, in MiB. */
export function imageMemoryMiB({ image }: Pick<OnnxModel, 'image'>): number {
  return image ? inMiB(image.maxPixels * DECODED_BYTES_A_PIXEL) : 0;
}

/** The pixels of the largest picture that can be decoded in so much memory. */
export function pixelsWithin(memoryMiB: number): number {
  return Math.floor((memoryMiB * MIB) / DECODED_BYTES_A_PIXEL);
}

/**
 * Room for the weights once more than there are executors (a session is built from the file's bytes), for requests and
 * for the largest picture, in MiB.
 */
export function defaultMemoryMiB(model: OnnxModel, executors = 1): number {
  return 512 + (1 + known(executors)) * inMiB(model.sizeBytes) + imageMemoryMiB(model);
}

/** A number of executors that only the plan knows counts as one. */
function known(executors: number): number {
  return Token.isUnresolved(executors) ? 1 : executors;
}
