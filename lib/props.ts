import { inspect } from 'node:util';
import { Token } from 'cdktf';
import { ModelServingError, type Problem } from './errors';
import { OnnxModel } from './model/onnx-model';
import { suggestion } from './nearest-name';

/** What a prop must be before anything reads it. */
export interface PropKind {
  readonly isRight: (value: unknown) => boolean;
  /** What to give instead of a value. */
  readonly wanted: (value: unknown) => string;
  readonly isRequired?: boolean;
}

/** For a prop with a check of its own that takes any value. */
export const any: PropKind = { isRight: () => true, wanted: () => 'a value' };

export const text: PropKind = { isRight: (value) => typeof value === 'string', wanted: () => 'a text' };

export const object: PropKind = {
  isRight: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  wanted: () => 'an object',
};

export const list: PropKind = { isRight: Array.isArray, wanted: () => 'a list' };

export const model: PropKind = {
  isRight: (value) => value instanceof OnnxModel,
  wanted: (value) => `a model: OnnxModel.fromFile(${typeof value === 'string' ? inspect(value) : "'digits.onnx'"})`,
};

/** A {@link ModelImage}, which others may have made. */
export const image: PropKind = {
  isRight: (value) => object.isRight(value) && 'model' in (value as object) && 'reference' in (value as object),
  wanted: () => 'an image: an InferenceImage, or InferenceImage.fromRegistry(…)',
};

export function required(kind: PropKind): PropKind {
  return { ...kind, isRequired: true };
}

/** Every prop by its name. */
export type PropKinds<Props> = Readonly<Record<keyof Props, PropKind>>;

/**
 * Refuses what a compiler would: props that cannot be read, which are checked no further, and names that nothing reads.
 *
 * @param what - how to call the props
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
  if (!object.isRight(props)) throw new ModelServingError([propsInvalid(where, what, props, names)]);
  const given = new Map(Object.entries(props).filter(([, value]) => value !== undefined));
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(kinds, name));
  const wrong = known.filter(([name, { isRight, isRequired }]) => {
    const value = given.get(name);
    return value === undefined ? isRequired : !Token.isUnresolved(value) && !isRight(value);
  });
  ModelServingError.throwIfAny([
    ...unknown.map((name) => propUnknown(where, name, names)),
    ...wrong.map(([name, kind]) => propInvalid(where, name, given.get(name), kind)),
  ]);
}

function propsInvalid(where: string, what: string, value: unknown, names: readonly string[]): Problem {
  return {
    code: 'props-invalid',
    message: `${where}: ${what} are ${shown(value)}. Give an object, which may have ${names.join(', ')}.`,
  };
}

function propUnknown(where: string, name: string, names: readonly string[]): Problem {
  return {
    code: 'prop-unknown',
    message: `${where}: there is no prop ${name}. ${suggestion(name, names)}The props are ${names.join(', ')}.`,
  };
}

function propInvalid(where: string, name: string, value: unknown, { wanted, isRequired }: PropKind): Problem {
  return {
    code: 'prop-invalid',
    message: `${where}: ${name} is ${shown(value)}. Give ${wanted(value)}${isRequired ? '' : ', or leave it out'}.`,
  };
}

/** In one line, which does not grow with the value. */
function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity, depth: 0, maxArrayLength: 3, maxStringLength: 100 });
}
