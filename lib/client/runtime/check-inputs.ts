import { invalidRequest } from './inference-error';
import {
  elementCount,
  isShape,
  NUMERIC_ARRAYS,
  shapeFits,
  specText,
  type NumericArray,
  type NumericArrayType,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from './tensors';

/** Validates the inputs of a request and returns its tensors in the model's order. */
export function checkInputs(specs: readonly TensorSpec[], inputs: object): Tensor[] {
  const given = new Map<string, unknown>(Object.entries(inputs));
  const unknown = [...given.keys()].find((name) => specs.every((spec) => spec.name !== name));
  if (unknown !== undefined) {
    const known = specs.map(({ name }) => JSON.stringify(name)).join(', ');
    throw invalidRequest(`unknown input ${JSON.stringify(unknown)}; the model's inputs are ${known}`);
  }
  return specs.map((spec) => checkInput(spec, given.get(spec.name)));
}

function checkInput(spec: TensorSpec, given: unknown): Tensor {
  const input = `input ${JSON.stringify(spec.name)}`;
  if (typeof given !== 'object' || given === null) {
    throw invalidRequest(`${input} is missing; the model expects ${specText(spec)}`);
  }
  const { shape, data } = given as { readonly shape?: unknown; readonly data?: unknown };
  if (!isShape(shape)) throw invalidRequest(`${input}: shape must be an array of non-negative integers`);
  if (!shapeFits(shape, spec)) {
    throw invalidRequest(`${input} has shape [${shape.join(', ')}]; the model expects ${specText(spec)}`);
  }
  const elements = checkElements(spec, data, input);
  const count = elementCount(shape);
  if (elements.length !== count) {
    throw invalidRequest(`${input}: data has ${elements.length} elements; shape [${shape.join(', ')}] needs ${count}`);
  }
  return { spec, shape, data: elements };
}

function checkElements({ datatype }: TensorSpec, data: unknown, input: string): TensorData {
  if (datatype === 'BOOL')
    return listOf<boolean>(data, 'boolean', `${input}: data of BOOL must be an array of booleans`);
  if (datatype === 'BYTES') {
    const texts = listOf<string>(data, 'string', `${input}: data of BYTES must be an array of strings`);
    // Encoding to bytes would silently replace an unpaired surrogate with U+FFFD.
    const broken = texts.findIndex((text) => /\p{Surrogate}/u.test(text));
    if (broken >= 0)
      throw invalidRequest(`${input}: element ${broken} is not valid text: it contains an unpaired surrogate`);
    return texts;
  }
  const type = NUMERIC_ARRAYS[datatype];
  // instanceof would reject arrays from another realm.
  if (Object.prototype.toString.call(data) === `[object ${type.name}]`) return data as NumericArray;
  if (datatype === 'FP16')
    throw invalidRequest(`${input}: data of FP16 must be a Uint16Array that contains the bits of each number`);
  const primitive = datatype === 'INT64' || datatype === 'UINT64' ? 'bigint' : 'number';
  if (!Array.isArray(data)) {
    throw invalidRequest(`${input}: data of ${datatype} must be a ${type.name} or an array of ${primitive}s`);
  }
  return exactElements(data, primitive, type, (index, value) =>
    invalidRequest(`${input}: element ${index} is ${value}, which is not a valid ${datatype}`),
  );
}

function listOf<T>(data: unknown, type: string, otherwise: string): readonly T[] {
  if (Array.isArray(data) && Array.from(data).every((element) => typeof element === type)) return data;
  throw invalidRequest(otherwise);
}

/** Converts numbers to a typed array. Rejects integers that would overflow and floats that would become infinite. */
function exactElements(
  data: readonly unknown[],
  primitive: 'number' | 'bigint',
  type: NumericArrayType,
  wrong: (index: number, value: string) => Error,
): NumericArray {
  const array = new type(data.length);
  const elements: Record<number, unknown> = array;
  const isFloat = type.name.startsWith('Float');
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== primitive) throw wrong(i, typeof value === 'string' ? JSON.stringify(value) : String(value));
    elements[i] = value;
    const isHeld = isFloat ? Number.isFinite(elements[i]) || !Number.isFinite(value) : elements[i] === value;
    if (!isHeld) throw wrong(i, String(value));
  }
  return array;
}
