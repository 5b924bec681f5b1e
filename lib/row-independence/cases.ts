import { CannotRun, isOwn, NeedsDecision, notUnderstood, Stopped, type Obstacle } from './values/obstacle';
import type { Value } from './values/tensor';

/** Maximum number of unknown conditions to analyze separately; the number of cases is at most 2 to this power. */
const MAX_CONDITIONS = 4;

/** Result of one case: the outputs of the graph, or why the pass stopped at a node or outside of all nodes. */
type Result = readonly Value[] | Stopped | Obstacle;

/**
 * Follows a graph once for each case of its unknown conditions. Cases that cannot occur have no result.
 *
 * @param pass - computes the outputs in the case that these conditions are true or false
 */
export function* cases(pass: (assumed: ReadonlyMap<string, boolean>) => readonly Value[]): Generator<Result, void> {
  const open: ReadonlyMap<string, boolean>[] = [new Map()];
  for (let assumed = open.pop(); assumed; assumed = open.pop()) {
    const result = resultOf(pass, assumed);
    if (result instanceof CannotRun) continue;
    if (!(result instanceof NeedsDecision)) yield result;
    else if (assumed.size >= MAX_CONDITIONS)
      yield new Stopped(result.node, notUnderstood('too many conditions are unknown'));
    else for (const decision of [true, false]) open.push(new Map([...assumed, [result.condition, decision]]));
  }
}

function resultOf(pass: Parameters<typeof cases>[0], assumed: ReadonlyMap<string, boolean>) {
  try {
    return pass(assumed);
  } catch (problem) {
    if (isOwn(problem)) return problem;
    throw problem;
  }
}
