import { Token } from 'cdktf';
import { inspect } from 'node:util';
import { ModelServingError, type Problem } from '../base/errors';
import { suggestion } from '../base/text';

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

/** Collects all problems with the props of one construct, so that they are reported together. */
export class Problems {
  readonly list: Problem[] = [];

  add(...problems: Problem[]): void {
    this.list.push(...problems);
  }

  /** Checks a value, if it is set and is not a Terraform token. */
  check<T>(value: T | undefined, isValid: (value: T) => boolean, problem: (value: T) => Problem): void {
    if (value !== undefined && !Token.isUnresolved(value) && !isValid(value)) this.add(problem(value));
  }

  /** Checks that a value on which the synthesized files depend is not a Terraform token. */
  checkKnown(where: string, prop: string, value: unknown): void {
    if (Token.isUnresolved(value)) this.add(mustBeKnown(where, prop));
  }
}

function mustBeKnown(where: string, prop: string): Problem {
  return {
    code: 'must-be-known-at-synth',
    message: `${where}: ${prop} is a Terraform token, but the synthesized files depend on its value. Pass a plain value.`,
  };
}

/** Returns a check for an integer within bounds. */
export function isWhole(minimum: number, maximum = Infinity): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= minimum && value <= maximum;
}
