import { InvalidArgumentError, Option } from 'commander';

/** Sizes of free dimensions, keyed by symbol or by `INPUT:AXIS`. */
export type Dimensions = Readonly<Record<string, number>>;

/** The repeatable option `--dimension NAME=SIZE`. */
export function dimensionOption(): Option {
  return new Option(
    '--dimension <name=size>',
    'size of a free dimension; use INPUT:AXIS=SIZE if it has no name (repeatable)',
  )
    .argParser(parseDimension)
    .default({}, 'none');
}

function parseDimension(text: string, sizes: Dimensions): Dimensions {
  const [, name, size] = /^(.+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError(
      'Use a name and a whole number, such as sequence=128, or input:1=128 if the dimension has no name.',
    );
  }
  return { ...sizes, [name]: Number(size) };
}

/** One dimension at several sizes. */
export interface DimensionSizes {
  readonly name: string;
  readonly sizes: readonly number[];
}

/** Parses `NAME=SIZE,SIZE`. The option may be given only once. */
export function parseDimensionSizes(text: string, given?: DimensionSizes): DimensionSizes {
  if (given)
    throw new InvalidArgumentError(`Only one dimension can have several sizes, and ${given.name} already does.`);
  const [, name, list] = /^(.+)=([1-9]\d{0,8}(?:,[1-9]\d{0,8})*)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('Use a name and whole numbers, such as sequence=32,128,512.');
  }
  return { name, sizes: [...new Set(list!.split(',').map(Number))] };
}
