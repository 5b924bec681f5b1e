import {
  EMPTY_GRAPH,
  functionKey,
  withSubgraphs,
  type AttributeMessage,
  type ModelMessage,
  type NodeMessage,
} from './decoded-model';

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
