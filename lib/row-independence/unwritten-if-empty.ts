import { dimensionNames } from '../../inference-image/src/contract/given-sizes';
import type { GraphMessage, ModelMessage } from '../onnx/decoded-model';
import { requestInputs } from '../onnx/value-info';
import { cases } from './cases';
import { inputValue } from './input-axes';
import { Budget, Interpreter } from './interpreter';
import { blamed } from './refusal';
import { ExactSizes } from './values/exact-sizes';
import { Stopped } from './values/obstacle';
import type { Value } from './values/tensor';

/** A node that may leave its result unwritten if a request has an empty axis. */
export interface UnwrittenIfEmpty {
  readonly node: string;
  readonly operator: string;
  /** Names of dimensions that may safely be empty as long as no other dimension is. */
  readonly unless: readonly string[];
}

/** Limit on the nodes and names in one search for a node that leaves its result unwritten. */
const MAX_STEPS = 60_000;

/** Maximum number of dimensions to test. Each takes a search of its own; further dimensions count as unsafe. */
const MAX_DIMENSIONS = 8;

/**
 * Finds a node that may leave its result unwritten if a request has an empty axis, so that the response would contain
 * memory of other requests. Undefined if there is none, or if the graph is not understood well enough to tell.
 */
export function unwrittenIfEmpty(model: ModelMessage): UnwrittenIfEmpty | undefined {
  const { graph } = model;
  if (!graph) return undefined;
  const inputs = requestInputs(graph);
  const names = dimensionNames({
    inputs: inputs.map(({ name, dimensions }) => ({ name, dimensions: dimensions ?? [] })),
  });
  const find = (empty: readonly string[]) => {
    const values = new Map(inputs.map((input) => [input.name, inputValue(input, null, inputs.length > 1, empty)]));
    return firstUnwritten(model, graph, values);
  };
  const found = find(names);
  if (!found || find([])) return undefined;
  const safe = names.slice(0, MAX_DIMENSIONS).filter((name) => !find([name]));
  const { node, operator } = blamed(found.node, found.obstacle);
  return { node, operator, unless: safe };
}

/** Finds a node that might leave its result unwritten for some values of the unknown conditions. */
function firstUnwritten(
  model: ModelMessage,
  graph: GraphMessage,
  values: ReadonlyMap<string, Value>,
): Stopped | undefined {
  try {
    const interpreter = new Interpreter(model, new Budget(MAX_STEPS), false);
    for (const result of cases((assumed) => interpreter.outputs(graph, values, assumed, new ExactSizes()))) {
      if (result instanceof Stopped && result.obstacle.always) return result;
    }
  } catch {
    // A graph that cannot be followed is not understood.
  }
  return undefined;
}
