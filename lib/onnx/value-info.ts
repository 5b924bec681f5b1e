import type { Dimension } from '../../inference-image/src/contract/signature';
import type {
  DimensionMessage,
  ElementTypeMessage,
  GraphMessage,
  TypeMessage,
  ValueInfoMessage,
} from './decoded-model';

/** An input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'untyped';
  /** Kind of a sequence's elements. @default - undefined for other elements, and for values that are not sequences */
  readonly elements?: 'tensors' | 'sequences' | 'maps';
  /** TensorProto.DataType of a tensor; 0 for other kinds. */
  readonly elementType: number;
  /** Null if the file specifies no shape, not even a rank. */
  readonly dimensions: readonly Dimension[] | null;
}

/** Inputs that a request must send: the graph's inputs, except those with an initializer. */
export function requestInputs({ input, initializer, sparseInitializer }: GraphMessage): ValueInfo[] {
  const filled = new Set([...initializer, ...sparseInitializer.map(({ values }) => values)].map((t) => t?.name));
  return input.filter(({ name }) => !filled.has(name)).map(valueInfo);
}

export function valueInfo({ name, type }: ValueInfoMessage): ValueInfo {
  const { elemType = 0, shape = null } = type?.tensorType ?? {};
  const elements = type?.sequenceType ? elementsOf(type.sequenceType.elemType) : undefined;
  return { name, kind: kindOf(type), elements, elementType: elemType, dimensions: shape && shape.dim.map(dimension) };
}

function elementsOf(type: ElementTypeMessage | null): ValueInfo['elements'] {
  if (type?.tensorType) return 'tensors';
  if (type?.sequenceType) return 'sequences';
  return type?.mapType ? 'maps' : undefined;
}

function kindOf(type: TypeMessage | null): ValueInfo['kind'] {
  if (type?.tensorType) return 'tensor';
  if (type?.sequenceType) return 'sequence';
  if (type?.mapType) return 'map';
  if (type?.optionalType) return 'optional';
  if (type?.sparseTensorType) return 'sparse tensor';
  return 'untyped';
}

/**
 * Placeholders that exporters such as Paddle's write for unknown sizes. Dimensions with the same placeholder may differ
 * in size.
 */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['', '?', '-1', 'None']);

/** Older exporters write a size of 0 or less if the size is unknown; onnxruntime also treats such sizes as unknown. */
function dimension({ dimValue, dimParam }: DimensionMessage): Dimension {
  if (dimValue > 0) return dimValue;
  return PLACEHOLDERS.has(dimParam) ? null : dimParam;
}
