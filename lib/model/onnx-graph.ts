import type { BatchingVerdict, RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type { InputValuesByName } from '../../inference-image/src/contract/input-values';
import type { Dimension } from '../../inference-image/src/contract/signature';

/** What the file says of a model, without its weights. Plain JSON, so that it can be cached. */
export interface OnnxGraph {
  readonly irVersion: number;
  /** Opset version by domain; the default domain is 'ai.onnx'. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The exporter's own notes: ModelProto.metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What made the file, such as `pytorch 2.9.1`, and the namespace of the model in reverse-DNS form; empty if not said. */
  readonly producer: string;
  readonly domain: string;
  /** The model's own words about itself, else those of its graph: `doc_string`. */
  readonly docString: string;
  /** What a request must bring: the graph's inputs without those that an initializer fills. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** What the graph shows of the values that inputs take. */
  readonly inputValues: InputValuesByName;
  /** What the runtime must implement, in subgraphs and called functions too; without calls of the model's own functions. */
  readonly operators: readonly Operator[];
  /** Locales that nodes need to change the case of texts. */
  readonly locales: readonly NeededLocale[];
  /** Names that are defined more than once in one graph. */
  readonly duplicates: readonly string[];
  /** Weights in this file that are not as long as their shape says. */
  readonly misfits: readonly MisfitTensor[];
  /** Weights in other files. */
  readonly externalTensors: readonly ExternalTensor[];
  readonly proof: RowProof;
}

/** What is proved about the rows of a batch. */
export interface RowProof {
  readonly verdict: BatchingVerdict;
  /** Where rows would be if first dimensions that are fixed at 1 were free; only where that is proved. */
  readonly ifFreed?: RowAxes;
  /** Where the proof of that stopped, where some first dimension is fixed at 1. */
  readonly refusedIfFreed?: BatchingVerdict;
}

/** An input or an output. */
export interface ValueInfo {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'untyped';
  /** What a sequence holds. @default - it is not a sequence, or holds something else */
  readonly elements?: 'tensors' | 'sequences' | 'maps';
  /** TensorProto.DataType of a tensor, 0 of anything else. */
  readonly elementType: number;
  /** null where the file gives no shape, not even a rank. */
  readonly dimensions: readonly Dimension[] | null;
}

/** An operator, and the first node that uses it. */
export interface Operator {
  readonly domain: string;
  readonly type: string;
  readonly node: string;
}

/** The locale of a node. */
export interface NeededLocale {
  readonly node: string;
  readonly locale: string;
  /** Whether the model names no locale, and the runtime has this one instead. */
  readonly isDefault: boolean;
}

export interface MisfitTensor {
  readonly name: string;
  readonly expectedBytes: number;
  readonly actualBytes: number;
}

/** @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md */
export interface ExternalTensor {
  readonly name: string;
  /** Relative to the model's folder, as the file has it. */
  readonly location: string;
  readonly offsetBytes: number;
  /** As the file has it, where it does. */
  readonly lengthBytes?: number;
  /** As the tensor's type and shape say. */
  readonly expectedBytes?: number;
}

/** Name of a node in messages. */
export function nodeName({ name, output }: { readonly name: string; readonly output: readonly string[] }): string {
  return name || output.join(', ');
}

/** `Conv`, `com.microsoft:FusedMatMul`. */
export function operatorName({ domain, type }: Pick<Operator, 'domain' | 'type'>): string {
  return domain === 'ai.onnx' ? type : `${domain}:${type}`;
}
