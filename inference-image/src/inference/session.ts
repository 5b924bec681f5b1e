import { env, type Tensor as OnnxTensor } from 'onnxruntime-node';
// The binding's own session, which runs synchronously. The public session wraps the same call in two promises and a
// setImmediate. For a small model, they take a twentieth of a request's time, and they do not free the thread during
// the run.
// https://github.com/microsoft/onnxruntime/issues/19611
import { binding, initOrt, type Binding } from 'onnxruntime-node/dist/binding';
import type { Datatype } from '../contract/signature';
import { invalid, messageOf } from '../base/errors';
import type { Run, RunResult } from './executor';
import { TYPED_ARRAY, type Tensor, type TensorData } from '../tensor/tensor';

export interface SessionOptions {
  readonly modelPath: string;
  /** Number of threads that one run may use. */
  readonly threads: number;
  /** Whether the runtime optimizes the graph, which may change rounding. @default true */
  readonly isOptimized?: boolean;
}

/** Names and datatypes of a model's inputs and outputs, as reported by the runtime. */
export interface SessionSignature {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly SessionTensor[];
}

export interface SessionTensor {
  readonly name: string;
  /** Datatype in the protocol; undefined if the protocol does not support the type. */
  readonly datatype: Datatype | undefined;
  /** Sizes of the dimensions, with -1 for each size that is not fixed; undefined for values that are not tensors. */
  readonly shape?: readonly number[];
}

/** Name of each datatype in onnxruntime, and its number in ONNX (TensorProto.DataType of onnx.proto). */
const ONNX_TYPE = {
  FP32: ['float32', 1],
  UINT8: ['uint8', 2],
  INT8: ['int8', 3],
  UINT16: ['uint16', 4],
  INT16: ['int16', 5],
  INT32: ['int32', 6],
  INT64: ['int64', 7],
  BYTES: ['string', 8],
  BOOL: ['bool', 9],
  FP16: ['float16', 10],
  FP64: ['float64', 11],
  UINT32: ['uint32', 12],
  UINT64: ['uint64', 13],
} as const satisfies Record<Datatype, readonly [OnnxTensor.Type, number]>;

const DATATYPE = new Map<string | number, Datatype>(
  Object.entries(ONNX_TYPE).flatMap(([datatype, keys]) => keys.map((key) => [key, datatype as Datatype] as const)),
);

/**
 * Log level at which the runtime logs only fatal errors. Other errors are thrown anyway, and invalid requests must not
 * write to standard error.
 */
const LOG_FATAL = 4;

/** A model loaded into onnxruntime. Only this file uses the runtime. */
export class Session {
  readonly signature: SessionSignature;
  private readonly session: Binding.InferenceSession;

  /** Loads the model synchronously. */
  constructor({ modelPath, threads, isOptimized = true }: SessionOptions) {
    env.logLevel = 'fatal';
    initOrt();
    this.session = new binding.InferenceSession();
    this.session.loadModel(modelPath, {
      // Never 0, because 0 means one thread for each physical core of the host, regardless of the CPU quota.
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      ...(isOptimized ? {} : { graphOptimizationLevel: 'disabled' as const }),
      logSeverityLevel: LOG_FATAL,
      // Threads spin during a run but not after it. Measured with 2 threads: a back-to-back run takes 1.4 ms (3.0 ms
      // without spinning), and 30 runs at intervals of 50 ms take 0.15 CPU-seconds (0.97 with spinning between runs).
      extra: threads > 1 ? { session: { force_spinning_stop: '1' } } : {},
    });
    const { inputMetadata, outputMetadata } = this.session;
    this.signature = { inputs: inputMetadata.map(tensorOf), outputs: outputMetadata.map(tensorOf) };
  }

  /** Runs the model synchronously. */
  run({ inputs, outputs, returnInputs }: Run): RunResult {
    // The object has no prototype, so that a tensor may be named __proto__.
    const feeds: Record<string, OnnxTensor> = Object.create(null);
    for (const { name, datatype, shape, data } of inputs) {
      // The class Tensor is not used: from Node 24 on it converts FP16 data to a Float16Array, which the binding reads
      // as empty. https://github.com/microsoft/onnxruntime/issues/26791
      feeds[name] = { type: ONNX_TYPE[datatype][0], dims: shape, data, location: 'cpu' } as unknown as OnnxTensor;
    }
    const fetches: Record<string, null> = Object.create(null);
    for (const name of outputs) fetches[name] = null;
    const start = performance.now();
    try {
      const results = this.session.run(feeds, fetches, {});
      const runSeconds = (performance.now() - start) / 1000;
      const tensors = outputs.map((name) => fromOnnx(name, results[name] as OnnxTensor));
      return { outputs: tensors, runSeconds, inputs: returnInputs ? inputs : undefined };
    } catch (error) {
      throw runError(error);
    }
  }

  release(): void {
    this.session.dispose();
  }
}

/**
 * Converts the error of a run. Unless memory ran out, a node usually fails because of its input, such as an index
 * beyond a table or incompatible shapes, which the client must correct.
 */
function runError(error: unknown): unknown {
  const message = messageOf(error);
  const refused = /^(Invalid rank|Got invalid dimensions|Unexpected input data type|Non-zero status code returned)/;
  if (!refused.test(message) || /alloc/i.test(message)) return error;
  return invalid(`the model cannot run on this input: ${message}`);
}

function fromOnnx(name: string, { type, dims, data }: OnnxTensor): Tensor {
  const datatype = DATATYPE.get(type) as Datatype;
  return { name, datatype, shape: dims, data: (datatype === 'FP16' ? halfBits(data) : data) as TensorData };
}

/**
 * Views FP16 data as a Uint16Array. From Node 24 on, onnxruntime returns a Float16Array, which older versions of Node
 * do not have.
 */
function halfBits(data: OnnxTensor['data']): Uint16Array {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new TYPED_ARRAY.FP16(buffer as ArrayBuffer, byteOffset, length);
}

function tensorOf(metadata: Binding.ValueMetadata): SessionTensor {
  const { name, isTensor } = metadata;
  return isTensor
    ? { name, datatype: DATATYPE.get(metadata.type), shape: metadata.shape }
    : { name, datatype: undefined };
}
