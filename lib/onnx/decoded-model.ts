/**
 * The messages of onnx-messages.ts as protobufjs decodes them: defaults are filled in, and a missing message is null.
 */
export interface ModelMessage {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly docString: string;
  readonly opsetImport: readonly OperatorSetMessage[];
  readonly metadataProps: readonly StringEntry[];
  readonly graph: GraphMessage | null;
  readonly functions: readonly FunctionMessage[];
}

export interface GraphMessage {
  readonly docString: string;
  readonly node: readonly NodeMessage[];
  readonly initializer: readonly TensorMessage[];
  readonly sparseInitializer: readonly SparseTensorMessage[];
  readonly input: readonly ValueInfoMessage[];
  readonly output: readonly ValueInfoMessage[];
  /** Declared sizes of other tensors. */
  readonly valueInfo: readonly ValueInfoMessage[];
}

export interface FunctionMessage {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Names of attributes without a default. */
  readonly attribute: readonly string[];
  /** Attributes with their defaults. */
  readonly attributeProto: readonly AttributeMessage[];
  readonly opsetImport: readonly OperatorSetMessage[];
  readonly valueInfo: readonly ValueInfoMessage[];
  readonly node: readonly NodeMessage[];
}

export interface OperatorSetMessage {
  readonly domain: string;
  readonly version: number;
}

export interface NodeMessage {
  readonly domain: string;
  readonly opType: string;
  readonly overload: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeMessage[];
}

/**
 * An attribute of a node. Long lists contain only their first elements; `…Count` is the length of the list in the file.
 */
export interface AttributeMessage {
  readonly name: string;
  /** AttributeProto.AttributeType; 0 in old files. */
  readonly type: number;
  /** Name of the function attribute that provides the value of this attribute; used only inside functions. */
  readonly refAttrName: string;
  readonly f: number;
  readonly i: number;
  readonly s: Uint8Array;
  readonly floats: readonly number[];
  readonly floatsCount: number;
  readonly ints: readonly number[];
  readonly intsCount: number;
  readonly strings: readonly Uint8Array[];
  readonly stringsCount: number;
  readonly t: TensorMessage | null;
  readonly tensors: readonly TensorMessage[];
  readonly sparseTensor: SparseTensorMessage | null;
  readonly sparseTensors: readonly SparseTensorMessage[];
  readonly g: GraphMessage | null;
  readonly graphs: readonly GraphMessage[];
}

export interface TensorMessage {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  /** Length of the raw data in the file; `rawData` is present only if the data is short. */
  readonly rawDataBytes: number;
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly number[];
  readonly externalData: readonly StringEntry[];
  readonly dataLocation: number;
}

export interface SparseTensorMessage {
  readonly values: TensorMessage | null;
  readonly indices: TensorMessage | null;
  readonly dims: readonly number[];
}

export interface ValueInfoMessage {
  readonly name: string;
  readonly type: TypeMessage | null;
}

export interface TypeMessage {
  readonly tensorType: { readonly elemType: number; readonly shape: ShapeMessage | null } | null;
  readonly sequenceType: { readonly elemType: ElementTypeMessage | null } | null;
  readonly mapType: object | null;
  readonly sparseTensorType: object | null;
  readonly optionalType: object | null;
}

/** Type of a sequence's elements, with only the detail that error messages need. */
export interface ElementTypeMessage {
  readonly tensorType: object | null;
  readonly sequenceType: object | null;
  readonly mapType: object | null;
}

export interface ShapeMessage {
  readonly dim: readonly DimensionMessage[];
}

export interface DimensionMessage {
  readonly dimValue: number;
  readonly dimParam: string;
}

export interface StringEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * The model's graph and the functions that it calls, each with the graphs inside its nodes (the branches of an If, the
 * body of a Loop). The runtime ignores functions that no node calls.
 */
export function usedGraphs({ graph, functions }: ModelMessage): GraphMessage[] {
  const uncalled = new Map(functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));
  const used = present(graph).flatMap(withSubgraphs);
  // The list grows during the loop, because functions can call other functions.
  for (const { node } of used) {
    for (const { domain, opType, overload } of node) {
      const key = functionKey(domain, opType, overload);
      const called = uncalled.get(key);
      if (!called) continue;
      uncalled.delete(key);
      for (const body of withSubgraphs({ ...EMPTY_GRAPH, node: called.node })) used.push(body);
    }
  }
  return used;
}

export const EMPTY_GRAPH = {
  docString: '',
  initializer: [],
  sparseInitializer: [],
  input: [],
  output: [],
  valueInfo: [],
};

/** Key that identifies a function in its definition and in the nodes that call it. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domainName(domain), name, overload]);
}

/**
 * Normalizes the name of a domain. The name of the default domain, `ai.onnx`, may also be written as an empty string:
 * https://github.com/onnx/onnx/blob/main/docs/IR.md#operator-sets
 */
export function domainName(domain: string): string {
  return domain || 'ai.onnx';
}

/** All initializers and tensor attributes of the graphs. A tensor without a name gets the name of its node's output. */
export function tensorsIn(graphs: readonly GraphMessage[]): TensorMessage[] {
  return graphs.flatMap(({ initializer, sparseInitializer, node }) => [
    ...initializer,
    ...sparseInitializer.flatMap(dense),
    ...node.flatMap(({ attribute, output }) =>
      attribute.flatMap(attributeTensors).map((tensor) => ({ ...tensor, name: tensor.name || output.join(', ') })),
    ),
  ]);
}

/** A graph and the graphs inside its nodes, at any depth. */
export function withSubgraphs(graph: GraphMessage): GraphMessage[] {
  const subgraphs = graph.node.flatMap(({ attribute }) =>
    attribute.flatMap(({ g, graphs }) => [...present(g), ...graphs]),
  );
  return [graph, ...subgraphs.flatMap(withSubgraphs)];
}

function attributeTensors({ t, tensors, sparseTensor, sparseTensors }: AttributeMessage): TensorMessage[] {
  return [...present(t), ...tensors, ...[...present(sparseTensor), ...sparseTensors].flatMap(dense)];
}

function dense({ values, indices }: SparseTensorMessage): TensorMessage[] {
  return [...present(values), ...present(indices)];
}

function present<T>(value: T | null): T[] {
  return value === null ? [] : [value];
}

/** Maximum number of different calls of functions to follow. The calls of nested functions can multiply. */
const MAX_CALLS = 10_000;

/** A node as it is called: attributes that it takes from the call of a function have their values. */
export interface CalledNode {
  readonly node: NodeMessage;
  readonly attributes: readonly AttributeMessage[];
  readonly isInFunction: boolean;
}

/** The nodes of a graph or function, and the attributes that its call sets. */
interface Call {
  readonly nodes: readonly NodeMessage[];
  readonly given: readonly AttributeMessage[];
}

/**
 * All nodes of the graph, of the graphs inside its nodes, and of the functions that it calls. A node of a function
 * appears once for each different set of attributes with which the function is called.
 */
export function* calledNodes({ graph, functions }: ModelMessage): Generator<CalledNode> {
  const own = new Map(functions.map((each) => [functionKey(each.domain, each.name, each.overload), each]));
  const calls: Call[] = [{ nodes: graph?.node ?? [], given: [] }];
  const known = new Set<string>();
  // The list grows during the loop, because functions can call other functions.
  for (const [index, { nodes, given }] of calls.entries()) {
    for (const node of withSubgraphs({ ...EMPTY_GRAPH, node: nodes }).flatMap((graph) => graph.node)) {
      const attributes = node.attribute.flatMap((attribute) => resolved(attribute, given));
      yield { node, attributes, isInFunction: index > 0 };
      const called = own.get(functionKey(node.domain, node.opType, node.overload));
      if (!called) continue;
      const call = { nodes: called.node, given: withDefaults(attributes, called.attributeProto) };
      const key = JSON.stringify([called.domain, called.name, called.overload, call.given.map(keyOf)]);
      if (!known.has(key) && calls.length < MAX_CALLS) calls.push(call);
      known.add(key);
    }
  }
}

/** An attribute with its value, which a function takes from its call. Empty if the call does not set it. */
function resolved(attribute: AttributeMessage, given: readonly AttributeMessage[]): AttributeMessage[] {
  const { name, refAttrName } = attribute;
  if (!refAttrName) return [attribute];
  return given.filter((each) => each.name === refAttrName).map((each) => ({ ...each, name }));
}

function withDefaults(
  attributes: readonly AttributeMessage[],
  defaults: readonly AttributeMessage[],
): readonly AttributeMessage[] {
  return [...attributes, ...defaults.filter(({ name }) => !attributes.some((each) => each.name === name))];
}

/** The parts of an attribute that decide whether two calls differ: its strings, integers and lengths. */
function keyOf({ name, s, i, stringsCount }: AttributeMessage): unknown[] {
  return [name, Buffer.from(s).toString('base64'), i, stringsCount];
}

/** An operator, and the first node that uses it. */
export interface Operator {
  readonly domain: string;
  readonly type: string;
  readonly node: string;
}

/** Name of a node in messages: its own name or, if it has none, the names of its outputs. */
export function nodeName({ name, output }: { readonly name: string; readonly output: readonly string[] }): string {
  return name || output.join(', ');
}

/** Operator name, with its domain unless it is the default domain: `Conv`, `com.microsoft:FusedMatMul`. */
export function operatorName({ domain, type }: Pick<Operator, 'domain' | 'type'>): string {
  return domain === 'ai.onnx' ? type : `${domain}:${type}`;
}
