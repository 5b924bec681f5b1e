import type { OnnxModel } from './model/onnx-model';

/** Bytes in whole MiB, rounded up. */
export function inMiB(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}

/** What the server and the runtime take before any model, in MiB: 136 resident with a model of 0.25 MB (docs/docker.md). */
export const RUNTIME_MEMORY_MIB = 160;

/** Below this the container is killed while it loads: the weights and the runtime, in MiB. */
export function minimumMemoryMiB(model: OnnxModel): number {
  return RUNTIME_MEMORY_MIB + inMiB(model.sizeBytes);
}

/** Room for the weights twice (a session is built from the file's bytes), and for requests, in MiB. */
export function defaultMemoryMiB(model: OnnxModel): number {
  return 512 + 2 * inMiB(model.sizeBytes);
}
