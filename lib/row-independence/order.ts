import type { GraphMessage, NodeMessage } from '../onnx/decoded-model';
import { notUnderstood } from './values/obstacle';

export interface Placed {
  readonly node: NodeMessage;
  /** Index in the file. */
  readonly index: number;
}

/**
 * Sorts nodes so that each follows the nodes whose results it reads. Files usually have this order, but a runtime does
 * not require it.
 *
 * @throws Obstacle if nodes depend on each other
 */
export function inOrder(nodes: readonly NodeMessage[]): readonly Placed[] {
  const placed = nodes.map((node, index) => ({ node, index }));
  const producers = new Map<string, number>();
  nodes.forEach(({ output }, index) => output.forEach((name) => name && producers.set(name, index)));
  const early = (index: number, names: Iterable<string>) =>
    [...names].every((name) => (producers.get(name) ?? -1) < index);
  const reads = nodes.map(readBy);
  if (nodes.every((_, index) => early(index, reads[index] as Set<string>))) return placed;

  const state = new Array<'waiting' | 'done' | undefined>(nodes.length);
  const order: Placed[] = [];
  for (const { index } of placed) {
    const stack = [index];
    while (stack.length > 0) {
      const at = stack.at(-1) as number;
      const open = [...(reads[at] as Set<string>)]
        .flatMap((name) => producers.get(name) ?? [])
        .filter((from) => state[from] !== 'done');
      if (state[at] === 'done') stack.pop();
      else if (open.length === 0) {
        state[at] = 'done';
        order.push(placed[at] as Placed);
        stack.pop();
      } else {
        if (state[at] === 'waiting' || open.includes(at)) throw notUnderstood('its nodes depend on each other');
        state[at] = 'waiting';
        for (const at of open) stack.push(at);
      }
    }
  }
  return order;
}

/** Names that a node reads: its inputs, and outer names that the graphs inside it read. */
export function readBy({ input, attribute }: NodeMessage): Set<string> {
  const names = new Set(input.filter(Boolean));
  for (const { g, graphs } of attribute) {
    for (const graph of g ? [g, ...graphs] : graphs) for (const name of readFromOutside(graph)) names.add(name);
  }
  return names;
}

function readFromOutside({ node, input, output, initializer, sparseInitializer }: GraphMessage): Set<string> {
  const names = new Set(output.map(({ name }) => name));
  for (const inner of node) for (const name of readBy(inner)) names.add(name);
  for (const { name } of input) names.delete(name);
  for (const { name } of initializer) names.delete(name);
  for (const { values } of sparseInitializer) names.delete(values?.name ?? '');
  for (const inner of node) for (const name of inner.output) names.delete(name);
  return names;
}

/** Nodes on whose results the given names depend. */
export function readNodes(nodes: readonly NodeMessage[], results: readonly string[]): ReadonlySet<NodeMessage> {
  const producers = new Map<string, NodeMessage>();
  for (const node of nodes) for (const name of node.output) if (name) producers.set(name, node);
  const found = new Set<NodeMessage>();
  const open = [...results];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name);
    if (!node || found.has(node)) continue;
    found.add(node);
    for (const read of readBy(node)) open.push(read);
  }
  return found;
}
