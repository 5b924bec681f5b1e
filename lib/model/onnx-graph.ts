import type { InputValuesByName } from '../../inference-image/src/contract/input-values';
import type { Operator } from '../onnx/decoded-model';
import type { ValueInfo } from '../onnx/value-info';
import type { RowProof } from '../row-independence/prove';
import type { UnwrittenIfEmpty } from '../row-independence/unwritten-if-empty';

/** Facts about a model file, without its weights, in plain JSON so that they can be cached. */
export interface OnnxGraph {
  readonly irVersion: number;
  /** Opset version by domain; the default domain is 'ai.onnx'. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Metadata from the exporter: ModelProto.metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Exporter and its version, such as `pytorch 2.9.1`; empty if unknown. */
  readonly producer: string;
  readonly domain: string;
  /** `doc_string` of the model or, if it is empty, of the graph. */
  readonly docString: string;
  /** Inputs that a request must send: the graph's inputs, except those with an initializer. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Constraints on the values of inputs, derived from the graph. */
  readonly inputValues: InputValuesByName;
  /**
   * Operators that the runtime must implement, including those in subgraphs and called functions. Calls to the model's
   * own functions are omitted.
   */
  readonly operators: readonly Operator[];
  /** Locales that nodes need to change or ignore the case of strings. */
  readonly locales: readonly NeededLocale[];
  /** Nodes whose constants the runtime overwrites in each run. */
  readonly overwritten: readonly string[];
  /** Names that are defined more than once in the same graph. */
  readonly duplicates: readonly string[];
  /** Weights in the model file whose length does not match their shape. */
  readonly wrongSizeTensors: readonly WrongSizeTensor[];
  /** Weights stored in other files. */
  readonly externalTensors: readonly ExternalTensor[];
  readonly proof: RowProof;
  readonly unwrittenIfEmpty?: UnwrittenIfEmpty;
}

/** A locale that a node needs. */
export interface NeededLocale {
  readonly node: string;
  readonly locale: string;
  /** Whether the locale is the runtime's default, because the node names none. */
  readonly isDefault: boolean;
}

export interface WrongSizeTensor {
  readonly name: string;
  readonly expectedBytes: number;
  readonly actualBytes: number;
}

/** @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md */
export interface ExternalTensor {
  readonly name: string;
  /** Path relative to the model's folder, as stored in the file. */
  readonly location: string;
  readonly offsetBytes: number;
  /** Length as stored in the file, if present. */
  readonly lengthBytes?: number;
  /** Length computed from the tensor's type and shape. */
  readonly expectedBytes?: number;
}
