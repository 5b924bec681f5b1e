import { writeFileSync } from 'node:fs';
import type { Datatype } from '../../inference-image/src/contract/signature';
import { onnxMessage } from '../../lib/onnx/onnx-messages';

/** Numbers of ONNX's element types, by their usual names: https://onnx.ai/onnx/intro/concepts.html#element-type */
export const ELEM = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  bfloat16: 16,
  float8e4m3fn: 17,
  int4: 22,
} as const;

export type Elem = keyof typeof ELEM;

/** Element type of ONNX for each datatype of the protocol. */
export const ELEM_OF: Readonly<Record<Datatype, Elem>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float',
  FP64: 'double',
  BYTES: 'string',
};

export type Dim = number | string | null;

/** Input or output of a graph, such as `value('x', 'float', ['batch', 4])`. */
export function value(name: string, elem: Elem, dims?: Dim[]) {
  const dim = dims?.map((d) => (typeof d === 'number' ? { dimValue: d } : d === null ? {} : { dimParam: d }));
  return { name, type: { tensorType: { elemType: ELEM[elem], ...(dim && { shape: { dim } }) } } };
}

/** Input or output that is not a tensor, such as the sequence of maps that sklearn's converter writes for ZipMap. */
export function nonTensor(
  name: string,
  kind: 'sequenceType' | 'mapType' | 'optionalType' | 'sparseTensorType',
  content: object = {},
) {
  return { name, type: { [kind]: content } };
}

/** Initializer of a graph, such as `initializer('w', 'float', [2], new Float32Array([1, 2]))`. */
export function initializer(name: string, elem: Elem, dims: number[], data: ArrayBufferView) {
  return { name, dataType: ELEM[elem], dims, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Initializer whose bytes are in a separate file. */
export function externalInitializer(
  name: string,
  elem: Elem,
  dims: number[],
  location: string,
  where: { offset?: number; length?: number } = {},
) {
  const externalData = Object.entries({ location, ...where }).map(([key, v]) => ({ key, value: String(v) }));
  return { name, dataType: ELEM[elem], dims, externalData, dataLocation: 1 };
}

export type AttributeValue =
  | number
  | string
  | number[]
  | { tensor: object }
  | { float: number }
  | { graph: object }
  | { floats: number[] }
  | { strings: string[] }
  /** For nodes of a function: the name of an attribute of the function, and its AttributeProto.AttributeType. */
  | { ref: string; type: number };

function attribute(name: string, v: AttributeValue) {
  if (typeof v === 'number') return { name, i: v, type: 2 };
  if (typeof v === 'string') return { name, s: Buffer.from(v), type: 3 };
  if (Array.isArray(v)) return { name, ints: v, type: 7 };
  if ('float' in v) return { name, f: v.float, type: 1 };
  if ('strings' in v) return { name, strings: v.strings.map((text) => Buffer.from(text)), type: 8 };
  if ('graph' in v) return { name, g: v.graph, type: 5 };
  if ('floats' in v) return { name, floats: v.floats, type: 6 };
  if ('ref' in v) return { name, refAttrName: v.ref, type: v.type };
  return { name, t: v.tensor, type: 4 };
}

/** `node('Add', ['a', 'b'], ['c'])` */
export function node(
  opType: string,
  input: string[],
  output: string[],
  options: { domain?: string; name?: string; attributes?: Record<string, AttributeValue> } = {},
) {
  const { domain, name = `${opType}_${output.join('_')}`, attributes = {} } = options;
  return {
    opType,
    input,
    output,
    name,
    domain,
    attribute: Object.entries(attributes).map(([k, v]) => attribute(k, v)),
  };
}

export interface ModelParts {
  inputs: object[];
  outputs: object[];
  nodes: object[];
  initializers?: object[];
  irVersion?: number;
  /** Opset versions by domain; the default domain is ''. */
  opsets?: Record<string, number>;
  metadata?: Record<string, string>;
  /** Documentation of the model; `graphDocString` is the documentation of its graph. */
  docString?: string;
  graphDocString?: string;
  domain?: string;
  /** Declared types of other tensors. */
  valueInfo?: object[];
  /** Functions of the model: `{ domain, name, node: [...] }`. */
  functions?: object[];
}

/** Bytes of an ONNX file. */
export function onnxModel(parts: ModelParts): Uint8Array {
  const {
    inputs,
    outputs,
    nodes,
    initializers = [],
    irVersion = 8,
    opsets = { '': 17 },
    metadata = {},
    docString,
    graphDocString,
    domain,
    functions = [],
    valueInfo = [],
  } = parts;
  const message = {
    irVersion,
    producerName: 'cdktf-model-serving tests',
    docString,
    domain,
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
    metadataProps: Object.entries(metadata).map(([key, v]) => ({ key, value: v })),
    functions,
    graph: {
      name: 'graph',
      docString: graphDocString,
      node: nodes,
      initializer: initializers,
      input: inputs,
      output: outputs,
      valueInfo,
    },
  };
  const type = onnxMessage('ModelProto');
  return type.encode(type.fromObject(message)).finish();
}

export function writeOnnxModel(path: string, parts: ModelParts): string {
  writeFileSync(path, onnxModel(parts));
  return path;
}

/** Model with one Identity node from x to y, such as `identity('float', ['batch', 4])`. */
export function identity(elem: Elem, dims?: Dim[]): ModelParts {
  return {
    inputs: [value('x', elem, dims)],
    outputs: [value('y', elem, dims)],
    nodes: [node('Identity', ['x'], ['y'])],
  };
}
