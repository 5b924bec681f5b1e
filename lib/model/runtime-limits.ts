import { version } from 'onnxruntime-node/package.json';

/** Version of onnxruntime in the image. */
export const RUNTIME_VERSION: string = version;

/**
 * Newest IR version that onnxruntime 1.30 loads, found by trials with tiny models. test/model/runtime-limits.test.ts
 * checks it against the installed runtime.
 */
export const MAX_IR_VERSION = 13;

/**
 * Domains whose operators the CPU build implements, each with the newest opset that it loads, found by the same trials.
 */
export const MAX_OPSETS: Readonly<Record<string, number>> = {
  'ai.onnx': 26,
  'ai.onnx.ml': 5,
  'com.microsoft': 1,
  'com.microsoft.nchwc': 1,
};
