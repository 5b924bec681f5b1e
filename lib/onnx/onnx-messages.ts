import { Root, type Type } from 'protobufjs/light';

/**
 * The parts of ONNX's protobuf messages that serving needs; the decoder skips all other fields. Field numbers:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const MESSAGES = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    producerVersion: [3, 'string'],
    domain: [4, 'string'],
    modelVersion: [5, 'int64'],
    docString: [6, 'string'],
    graph: [7, 'GraphProto'],
    opsetImport: [8, 'OperatorSetIdProto', 'repeated'],
    metadataProps: [14, 'StringStringEntryProto', 'repeated'],
    functions: [25, 'FunctionProto', 'repeated'],
  },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  FunctionProto: {
    name: [1, 'string'],
    input: [4, 'string', 'repeated'],
    output: [5, 'string', 'repeated'],
    attribute: [6, 'string', 'repeated'],
    node: [7, 'NodeProto', 'repeated'],
    opsetImport: [9, 'OperatorSetIdProto', 'repeated'],
    domain: [10, 'string'],
    attributeProto: [11, 'AttributeProto', 'repeated'],
    valueInfo: [12, 'ValueInfoProto', 'repeated'],
    overload: [13, 'string'],
  },
  GraphProto: {
    node: [1, 'NodeProto', 'repeated'],
    name: [2, 'string'],
    initializer: [5, 'TensorProto', 'repeated'],
    docString: [10, 'string'],
    input: [11, 'ValueInfoProto', 'repeated'],
    output: [12, 'ValueInfoProto', 'repeated'],
    valueInfo: [13, 'ValueInfoProto', 'repeated'],
    sparseInitializer: [15, 'SparseTensorProto', 'repeated'],
  },
  NodeProto: {
    input: [1, 'string', 'repeated'],
    output: [2, 'string', 'repeated'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: [5, 'AttributeProto', 'repeated'],
    domain: [7, 'string'],
    overload: [8, 'string'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    t: [5, 'TensorProto'],
    g: [6, 'GraphProto'],
    floats: [7, 'float', 'repeated'],
    ints: [8, 'int64', 'repeated'],
    strings: [9, 'bytes', 'repeated'],
    tensors: [10, 'TensorProto', 'repeated'],
    graphs: [11, 'GraphProto', 'repeated'],
    type: [20, 'int32'],
    refAttrName: [21, 'string'],
    sparseTensor: [22, 'SparseTensorProto'],
    sparseTensors: [23, 'SparseTensorProto', 'repeated'],
    /**
     * Lengths of `floats`, `ints` and `strings` in the file. A skeleton records them in these fields, which are not
     * part of ONNX, because it contains only the start of long lists (skeleton-reader.ts).
     */
    floatsCount: [1001, 'uint32'],
    intsCount: [1002, 'uint32'],
    stringsCount: [1003, 'uint32'],
  },
  TensorProto: {
    dims: [1, 'int64', 'repeated'],
    dataType: [2, 'int32'],
    floatData: [4, 'float', 'repeated'],
    int32Data: [5, 'int32', 'repeated'],
    stringData: [6, 'bytes', 'repeated'],
    int64Data: [7, 'int64', 'repeated'],
    name: [8, 'string'],
    rawData: [9, 'bytes'],
    doubleData: [10, 'double', 'repeated'],
    uint64Data: [11, 'uint64', 'repeated'],
    externalData: [13, 'StringStringEntryProto', 'repeated'],
    dataLocation: [14, 'int32'],
    /**
     * Length of `rawData` in the file. A skeleton records it in this field, which is not part of ONNX, because it
     * contains only short `rawData` (skeleton-reader.ts).
     */
    rawDataBytes: [1000, 'uint32'],
  },
  SparseTensorProto: { values: [1, 'TensorProto'], indices: [2, 'TensorProto'], dims: [3, 'int64', 'repeated'] },
  ValueInfoProto: { name: [1, 'string'], type: [2, 'TypeProto'] },
  TypeProto: {
    tensorType: [1, 'TensorTypeProto'],
    sequenceType: [4, 'SequenceTypeProto'],
    mapType: [5, 'ContainerTypeProto'],
    sparseTensorType: [8, 'ContainerTypeProto'],
    optionalType: [9, 'ContainerTypeProto'],
  },
  TensorTypeProto: { elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  SequenceTypeProto: { elemType: [1, 'ElementTypeProto'] },
  /** A TypeProto with only the fields that show its kind. */
  ElementTypeProto: {
    tensorType: [1, 'ContainerTypeProto'],
    sequenceType: [4, 'ContainerTypeProto'],
    mapType: [5, 'ContainerTypeProto'],
  },
  ContainerTypeProto: {},
  TensorShapeProto: { dim: [1, 'DimensionProto', 'repeated'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
} satisfies Record<string, Record<string, [id: number, type: string, rule?: 'repeated']>>;

export type OnnxMessageName = keyof typeof MESSAGES;

const root = Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(MESSAGES).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          Object.entries(fields as Record<string, [number, string, string?]>).map(([field, [id, type, rule]]) => [
            field,
            { id, type, rule },
          ]),
        ),
      },
    ]),
  ),
}).resolveAll();

export function onnxMessage(name: OnnxMessageName): Type {
  return root.lookupType(name);
}
