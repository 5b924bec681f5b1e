import type { Datatype, Dimension, Signature, TensorSignature } from '../contract/signature';
import type { JsonObject } from './schema';

/** Maximum size of a dimension in the runtime's binding. */
const MAX_SIZE = 2 ** 31 - 1;

/** Schema of a shape: fixed sizes are constants, all others have bounds. */
export function shapeSchema({ dimensions }: Pick<TensorSignature, 'dimensions'>): JsonObject {
  const { length } = dimensions;
  if (length === 0) return { type: 'array', maxItems: 0 };
  return { type: 'array', minItems: length, maxItems: length, prefixItems: dimensions.map(sizeSchema) };
}

/** Schema of elements in row-major order: flat, or, in requests only, nested according to the shape. */
export function dataSchema({ datatype, dimensions }: TensorSignature, from: 'request' | 'response'): JsonObject {
  const element = elementRef(datatype as Exclude<Datatype, 'FP16'>, from);
  const flat = arraySchema(element, fixedCount(dimensions));
  if (from === 'response' || dimensions.length < 2) return flat;
  return { anyOf: [flat, dimensions.reduceRight<JsonObject>(nest, element)] };
}

/** Describes the number of elements if the schema cannot express it; otherwise empty. */
export function dataDescription({ dimensions }: Pick<TensorSignature, 'dimensions'>): string {
  return fixedCount(dimensions) === undefined ? 'As many elements as `shape` specifies.' : '';
}

/** Number of elements; undefined if a dimension is not fixed. */
export function fixedCount(dimensions: readonly Dimension[]): number | undefined {
  return dimensions.every((size) => typeof size === 'number')
    ? dimensions.reduce<number>((count, size) => count * (size as number), 1)
    : undefined;
}

function sizeSchema(dimension: Dimension): JsonObject {
  if (typeof dimension === 'number') return { const: dimension };
  const bounds = { type: 'integer', minimum: 0, maximum: MAX_SIZE };
  return dimension === null ? bounds : { title: dimension, ...bounds };
}

function nest(items: JsonObject, dimension: Dimension): JsonObject {
  return arraySchema(items, typeof dimension === 'number' ? dimension : undefined);
}

function arraySchema(items: JsonObject, length: number | undefined): JsonObject {
  return { type: 'array', minItems: length, maxItems: length, items };
}

/** Datatypes with a JSON form. FP16 has none: requests and responses contain it as binary data. */
type JsonDatatype = Exclude<Datatype, 'FP16'>;

/** Smallest number that rounds to infinity: halfway between the largest 32-bit float and its successor. */
const FP32_OVERFLOW = 2 ** 128 - 2 ** 103;

/** Schemas of an element in JSON, by datatype. Requests may write BOOL as 0 and 1 as well. */
const ELEMENTS: Record<JsonDatatype, JsonObject> = {
  BOOL: { enum: [true, false, 0, 1] },
  UINT8: integer(0, 0xff),
  UINT16: integer(0, 0xffff),
  UINT32: integer(0, 0xffff_ffff),
  UINT64: integer(0, 0xffff_ffff_ffff_ffffn),
  INT8: integer(-0x80, 0x7f),
  INT16: integer(-0x8000, 0x7fff),
  INT32: integer(-0x8000_0000, 0x7fff_ffff),
  INT64: integer(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn),
  FP32: float({ exclusiveMinimum: -FP32_OVERFLOW, exclusiveMaximum: FP32_OVERFLOW }),
  FP64: float({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE }),
  BYTES: {
    type: 'string',
    pattern: '^[^\\u0000]*$',
    description: 'UTF-8 text without U+0000 and without lone surrogates.',
  },
};

export function elementRef(datatype: JsonDatatype, from: 'request' | 'response'): JsonObject {
  if (datatype === 'BOOL' && from === 'response') return { type: 'boolean' };
  return { $ref: `#/components/schemas/${datatype}` };
}

/** Schemas of the elements of the model's inputs and outputs, by datatype, for `components.schemas`. */
export function elementSchemas({ inputs, outputs }: Signature): JsonObject {
  const used = new Set([...inputs, ...outputs].map(({ datatype }) => datatype));
  return Object.fromEntries(Object.entries(ELEMENTS).filter(([datatype]) => used.has(datatype as Datatype)));
}

function integer(minimum: number | bigint, maximum: number | bigint): JsonObject {
  return { type: 'integer', minimum, maximum };
}

/** Schema of a float. Strings represent NaN and the infinities, as in protobuf's JSON mapping. */
function float(bounds: JsonObject): JsonObject {
  return { anyOf: [{ type: 'number', ...bounds }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };
}
