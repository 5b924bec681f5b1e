import { closeSync, fstatSync, openSync } from 'node:fs';
import {
  calledNodes,
  domainName,
  functionKey,
  type FunctionMessage,
  type GraphMessage,
  type ModelMessage,
  nodeName,
  type Operator,
  operatorName,
  type TensorMessage,
  tensorsIn,
  usedGraphs,
} from '../onnx/decoded-model';
import { tensorBytes } from '../onnx/element-types';
import { MalformedFile } from '../onnx/file-cursor';
import { inputValues } from './input-values';
import { localesIn } from './locales';
import { type ExternalTensor, type WrongSizeTensor, type OnnxGraph } from './onnx-graph';
import { onnxMessage } from '../onnx/onnx-messages';
import { proveRowIndependence } from '../row-independence/prove';
import { unwrittenIfEmpty } from '../row-independence/unwritten-if-empty';
import { readSkeleton } from '../onnx/skeleton-reader';
import { overwrittenConstants } from './training-mode';
import { requestInputs, valueInfo } from '../onnx/value-info';

/**
 * Reads the graph of a model file, without its weights.
 *
 * @throws MalformedFile
 */
export function readGraph(path: string): OnnxGraph {
  const model = decode(readSkeletonOf(path));
  if (!model.graph) throw new MalformedFile('it has no graph');
  if (!model.irVersion) throw new MalformedFile('it has no IR version');

  const { output, docString } = model.graph;
  const graphs = usedGraphs(model);
  const tensors = tensorsIn(graphs);
  const nodes = [...calledNodes(model)];
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domainName(domain), version])),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    domain: model.domain,
    docString: model.docString || docString,
    inputs: requestInputs(model.graph),
    outputs: output.map(valueInfo),
    inputValues: inputValues(model.graph),
    operators: operators(graphs, model.functions),
    locales: localesIn(nodes),
    overwritten: overwrittenConstants(nodes, model.graph),
    duplicates: graphs.flatMap(duplicates),
    wrongSizeTensors: tensors.flatMap(wrongSize),
    externalTensors: tensors.filter(isExternal).map(externalTensor),
    proof: proveRowIndependence(model),
    unwrittenIfEmpty: unwrittenIfEmpty(model),
  };
}

/** TensorProto.DataLocation.EXTERNAL */
const EXTERNAL = 1;

function readSkeletonOf(path: string): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    return readSkeleton(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

function decode(skeleton: Uint8Array): ModelMessage {
  const type = onnxMessage('ModelProto');
  try {
    return type.toObject(type.decode(skeleton), { defaults: true, longs: Number }) as ModelMessage;
  } catch (error) {
    throw new MalformedFile(error instanceof Error ? error.message : String(error));
  }
}

function operators(graphs: readonly GraphMessage[], functions: readonly FunctionMessage[]): Operator[] {
  const own = new Set(functions.map(({ domain, name, overload }) => functionKey(domain, name, overload)));
  const found = new Map<string, Operator>();
  for (const node of graphs.flatMap(({ node }) => node)) {
    if (own.has(functionKey(node.domain, node.opType, node.overload))) continue;
    const operator = { domain: domainName(node.domain), type: node.opType, node: nodeName(node) };
    const key = operatorName(operator);
    if (!found.has(key)) found.set(key, operator);
  }
  return [...found.values()];
}

/**
 * Names that are defined twice. ONNX allows only one assignment to each value; an empty name marks an omitted optional
 * output.
 */
function duplicates({ node, input, initializer }: GraphMessage): string[] {
  const defined = new Set([...input, ...initializer].map(({ name }) => name));
  const again = new Set<string>();
  for (const name of node.flatMap(({ output }) => output)) {
    if (name && defined.has(name)) again.add(name);
    defined.add(name);
  }
  return [...again];
}

function isExternal({ dataLocation }: TensorMessage): boolean {
  return dataLocation === EXTERNAL;
}

/**
 * Checks the length of raw data. The runtime checks tensors that store their values in a typed field (`float_data`, …).
 */
function wrongSize(tensor: TensorMessage): WrongSizeTensor[] {
  const { name, dataType, dims, rawDataBytes: actualBytes } = tensor;
  const expectedBytes = tensorBytes(dataType, dims);
  if (isExternal(tensor) || actualBytes === 0 || expectedBytes === undefined) return [];
  return expectedBytes === actualBytes ? [] : [{ name, expectedBytes, actualBytes }];
}

function externalTensor({ name, dataType, dims, externalData }: TensorMessage): ExternalTensor {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const length = entries.get('length');
  return {
    name,
    location: entries.get('location') ?? '',
    offsetBytes: Number(entries.get('offset') ?? 0),
    ...(length !== undefined && { lengthBytes: Number(length) }),
    expectedBytes: tensorBytes(dataType, dims),
  };
}
