import { version } from 'onnxruntime-node/package.json';

/** The onnxruntime that an image ships. */
export const RUNTIME_VERSION: string = version;

/**
 * The newest format that onnxruntime 1.30 loads, found by loading tiny models until one was refused;
 * test/model/runtime-limits.test.ts asks the installed runtime again.
 */
export const MAX_IR_VERSION = 13;

/** Likewise the domains whose operators its CPU build implements, each with the newest opset it loads. */
export const MAX_OPSETS: Readonly<Record<string, number>> = {
  'ai.onnx': 26,
  'ai.onnx.ml': 5,
  'com.microsoft': 1,
  'com.microsoft.nchwc': 1,
};
