import { inspect } from 'node:util';
import { Token } from 'cdktf';
import { ModelServingError, type Problem } from '../base/errors';
import { suggestion } from '../base/nearest-name';

/** Type of a prop, checked at run time. */
export interface PropKind {
  readonly isValid: (value: unknown) => boolean;
  /** Describes what is expected instead of an invalid value. */
  readonly expected: (value: unknown) => string;
  readonly isRequired?: boolean;
}

/** Kind of a prop that is checked elsewhere. */
export const any: PropKind = { isValid: () => true, expected: () => 'a value' };

export const text: PropKind = { isValid: (value) => typeof value === 'string', expected: () => 'a string' };

export const object: PropKind = {
  isValid: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  expected: () => 'an object',
};

/** An object with any of these keys. The values are checked elsewhere. */
export function objectOf<T>(keys: Readonly<Record<keyof T, true>>): PropKind {
  const isKnown = ([key, value]: [string, unknown]) => value === undefined || Object.hasOwn(keys, key);
  return {
    isValid: (value) => object.isValid(value) && Object.entries(value as object).every(isKnown),
    expected: () => `an object with any of ${Object.keys(keys).join(', ')}`,
  };
}

/** An object with any keys. @param what - description of the values */
export function record(isValue: (value: unknown) => boolean, what: string): PropKind {
  const isValid = (value: unknown) => value === undefined || Token.isUnresolved(value) || isValue(value);
  return {
    isValid: (value) => object.isValid(value) && Object.values(value as object).every(isValid),
    expected: () => `an object of ${what}`,
  };
}

export const texts = record((value) => typeof value === 'string', 'strings');

export const list: PropKind = { isValid: Array.isArray, expected: () => 'a list' };

/** Kind of a prop for a {@link Model}, whose class may be outside this package. */
export const model: PropKind = {
  isValid: (value) => object.isValid(value) && 'manifest' in (value as object) && 'files' in (value as object),
  expected: (value) => `a model: OnnxModel.fromFile(${typeof value === 'string' ? inspect(value) : "'digits.onnx'"})`,
};

/** Kind of a prop for a {@link ModelImage}, whose class may be outside this package. */
export const image: PropKind = {
  isValid: (value) => object.isValid(value) && 'model' in (value as object) && 'reference' in (value as object),
  expected: () => 'an image: an InferenceImage, or InferenceImage.fromRegistry(…)',
};

export function required(kind: PropKind): PropKind {
  return { ...kind, isRequired: true };
}

/** Type of each prop by its name. */
export type PropKinds<Props> = Readonly<Record<keyof Props, PropKind>>;

/**
 * Reports what the TypeScript compiler would report: props of the wrong type, missing props, and unknown names.
 *
 * @param what - name of the props in messages
 * @throws ModelServingError `props-invalid`, `prop-invalid`, `prop-unknown`
 */
export function checkProps<Props extends object>(
  where: string,
  props: Props,
  kinds: PropKinds<Props>,
  what = 'the props',
): void {
  const known = Object.entries<PropKind>(kinds);
  const names = known.map(([name]) => name);
  if (!object.isValid(props)) throw new ModelServingError([propsInvalid(where, what, props, names)]);
  const given = new Map(Object.entries(props).filter(([, value]) => value !== undefined));
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(kinds, name));
  const wrong = known.filter(([name, { isValid, isRequired }]) => {
    const value = given.get(name);
    return value === undefined ? isRequired : !Token.isUnresolved(value) && !isValid(value);
  });
  ModelServingError.throwIfAny([
    ...unknown.map((name) => propUnknown(where, name, names)),
    ...wrong.map(([name, kind]) => propInvalid(where, name, given.get(name), kind)),
  ]);
}

function propsInvalid(where: string, what: string, value: unknown, names: readonly string[]): Problem {
  return {
    code: 'props-invalid',
    message: `${where}: ${what} are ${shown(value)}. Use an object with any of ${names.join(', ')}.`,
  };
}

function propUnknown(where: string, name: string, names: readonly string[]): Problem {
  return {
    code: 'prop-unknown',
    message: `${where}: there is no prop ${name}. ${suggestion(name, names)}The props are ${names.join(', ')}.`,
  };
}

function propInvalid(where: string, name: string, value: unknown, { expected, isRequired }: PropKind): Problem {
  return {
    code: 'prop-invalid',
    message: `${where}: ${name} is ${shown(value)}. Use ${expected(value)}${isRequired ? '' : ', or omit it'}.`,
  };
}

/** Formats a value on one line of limited length. */
function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity, depth: 0, maxArrayLength: 3, maxStringLength: 100 });
}
