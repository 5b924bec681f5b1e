import type { Problem } from '../base/errors';
import { elementType } from '../onnx/element-types';
import { modelErrors, type Direction } from './errors';
import type { OnnxGraph } from './onnx-graph';
import { type ValueInfo } from '../onnx/value-info';
import { MAX_IR_VERSION, MAX_OPSETS } from './runtime-limits';

/**
 * Matches names that are valid URL path segments without percent-encoding:
 * https://www.rfc-editor.org/rfc/rfc3986#section-2.3
 */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Validates the name and version of a model, which are part of URL paths. */
export function checkIdentity(path: string, name: string, version: string): Problem[] {
  return [
    ...(SEGMENT.test(name) ? [] : [modelErrors.nameInvalid(path, 'name', name)]),
    ...(SEGMENT.test(version) ? [] : [modelErrors.nameInvalid(path, 'version', version)]),
  ];
}

/** Checks one requirement that a model must meet to be served; `path` is used only in messages. */
type Check = (path: string, graph: OnnxGraph) => Problem[];

/**
 * Maximum total number of inputs and outputs. A request can use at most 64 KiB for the names, datatypes and shapes of
 * its tensors, which is enough for about 1,000 tensors.
 */
export const MAX_TENSORS = 1024;

/** Finds everything in a model's graph that prevents the model from being served. */
export function checkGraph(path: string, graph: OnnxGraph): Problem[] {
  const hasTooMany = graph.inputs.length + graph.outputs.length > MAX_TENSORS;
  return [
    ...CHECKS.flatMap((check) => check(path, graph)),
    // Reporting thousands of tensors one by one would hide the other problems.
    ...(hasTooMany
      ? [modelErrors.tensorsTooMany(path, graph, MAX_TENSORS)]
      : TENSOR_CHECKS.flatMap((check) => check(path, graph))),
  ];
}

const irVersion: Check = (path, graph) =>
  graph.irVersion > MAX_IR_VERSION ? [modelErrors.irVersionUnsupported(path, graph.irVersion)] : [];

const opsets: Check = (path, graph) => {
  const imports = Object.entries(graph.opsets);
  if (imports.length === 0) return [modelErrors.opsetMissing(path)];
  return imports.flatMap(([domain, version]) => {
    const newest = MAX_OPSETS[domain];
    return newest !== undefined && version > newest
      ? [modelErrors.opsetUnsupported(path, domain, version, newest)]
      : [];
  });
};

/** Checks only the domains of operators, because the runtime itself rejects unknown operators of a known domain. */
const operators: Check = (path, graph) => {
  const unknown = graph.operators.filter(({ domain }) => !Object.hasOwn(MAX_OPSETS, domain));
  return unknown.length > 0 ? [modelErrors.operatorsUnknown(path, unknown, Object.keys(MAX_OPSETS))] : [];
};

/** Requires inputs and outputs. A model without inputs would always return the same outputs. */
const somethingToServe: Check = (path, graph) => [
  ...(graph.inputs.length === 0 ? [modelErrors.inputsMissing(path)] : []),
  ...(graph.outputs.length === 0 ? [modelErrors.outputsMissing(path)] : []),
];

const uniqueTensors: Check = (path, graph) => [
  ...repeated(graph.inputs).map((name) => modelErrors.nameDuplicate(path, 'input', name)),
  ...repeated(graph.outputs).map((name) => modelErrors.nameDuplicate(path, 'output', name)),
];

const uniqueResults: Check = (path, graph) =>
  graph.duplicates.map((name) => modelErrors.nameDuplicate(path, 'node output', name));

const describedTensors: Check = (path, graph) => [
  ...graph.inputs.flatMap((value, index) => describedTensor(path, 'input', value, index)),
  ...graph.outputs.flatMap((value, index) => describedTensor(path, 'output', value, index)),
];

const wholeTensors: Check = (path, graph) =>
  graph.wrongSizeTensors.map((tensor) => modelErrors.tensorSizeWrong(path, tensor));

const CHECKS: readonly Check[] = [irVersion, opsets, operators, somethingToServe, uniqueResults, wholeTensors];

/** Checks of each input and output. */
const TENSOR_CHECKS: readonly Check[] = [uniqueTensors, describedTensors];

function repeated(values: readonly ValueInfo[]): string[] {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const { name } of values) (seen.has(name) ? again : seen).add(name);
  return [...again];
}

/** The first reason why a tensor cannot be described to clients. */
function describedTensor(path: string, direction: Direction, value: ValueInfo, index: number): Problem[] {
  if (value.name === '') return [modelErrors.tensorUnnamed(path, direction, index)];
  // A missing type is reported as a missing shape, because the same tool infers both.
  if (value.kind === 'untyped') return [modelErrors.shapeUnknown(path, direction, value.name)];
  if (value.kind !== 'tensor') return [modelErrors.notATensor(path, direction, value)];
  if (!elementType(value.elementType).datatype) return [modelErrors.elementTypeUnsupported(path, direction, value)];
  if (!value.dimensions) return [modelErrors.shapeUnknown(path, direction, value.name)];
  return [];
}
