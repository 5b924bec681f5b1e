import type { NodeMessage, ValueInfoMessage } from '../onnx/decoded-model';
import { valueInfo } from '../onnx/value-info';
import { readBy } from './order';
import { notUnderstood } from './values/obstacle';
import type { Size } from './values/size';
import type { Value } from './values/tensor';

/**
 * Sizes that a file declares for the tensors of a graph. The runtime trusts them where it infers none itself: it
 * replaces `Shape` and joins reshapes by declared numbers, before it knows the inputs.
 */
export type DeclaredSizes = ReadonlyMap<string, readonly (number | string | null)[]>;

/** Names whose declared sizes matter to other nodes: those that a node reads, and results of reshapes, which are joined. */
export function namesWithEffect(nodes: readonly NodeMessage[]): ReadonlySet<string> {
  return new Set(nodes.flatMap((node) => [...readBy(node), ...(RESHAPES.test(node.opType) ? node.output : [])]));
}

const RESHAPES = /^(Reshape|Squeeze|Unsqueeze)$/;

export function declaredSizes(infos: readonly ValueInfoMessage[]): DeclaredSizes {
  return new Map(
    infos.flatMap((info) => {
      const { name, dimensions } = valueInfo(info);
      return dimensions?.some((size) => typeof size === 'number') ? [[name, dimensions] as const] : [];
    }),
  );
}

/** @throws Obstacle if a declared number is not the size for every request */
export function refuseUntrue(declared: DeclaredSizes, name: string, value: Value | undefined): void {
  const sizes = declared.get(name);
  const dims = value?.kind === 'sequence' ? undefined : value?.dims;
  if (!sizes || !dims) return;
  const isUntrue =
    dims.length === sizes.length
      ? dims.some((dim, axis) => differs(dim, sizes[axis]))
      : sizes.every((size) => typeof size === 'number');
  if (isUntrue) throw notUnderstood('the file declares a size of its result that it does not always have');
}

function differs(dim: Size, declared: number | string | null | undefined): boolean {
  if (typeof declared !== 'number') return false;
  if (dim.constant !== undefined) return dim.constant !== declared;
  // Other sizes are numbers that the proof does not know, and may be what the file declares.
  return dim.tainted || (dim.growth?.degree ?? 0) > 0;
}
