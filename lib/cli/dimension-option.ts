import { InvalidArgumentError, Option } from 'commander';

/** Sizes by symbol, or as `INPUT:AXIS`. */
export type Dimensions = Readonly<Record<string, number>>;

/** `--dimension NAME=SIZE`, again for each. */
export function dimensionOption(): Option {
  return new Option(
    '--dimension <name=size>',
    'the size of a free dimension, again for each; INPUT:AXIS without a name',
  )
    .argParser(parseDimension)
    .default({});
}

function parseDimension(text: string, sizes: Dimensions): Dimensions {
  const [, name, size] = /^(.+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError(
      'Give a name and a whole number, such as sequence=128, or input:1=128 without a name.',
    );
  }
  return { ...sizes, [name]: Number(size) };
}

/** One dimension at several sizes. */
export interface DimensionSizes {
  readonly name: string;
  readonly sizes: readonly number[];
}

/** Reads `NAME=SIZE,SIZE`, once. */
export function parseDimensionSizes(text: string, given?: DimensionSizes): DimensionSizes {
  if (given) throw new InvalidArgumentError(`One dimension can have several sizes, and ${given.name} has them.`);
  const [, name, list] = /^(.+)=([1-9]\d{0,8}(?:,[1-9]\d{0,8})*)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('Give a name and whole numbers, such as sequence=32,128,512.');
  }
  return { name, sizes: [...new Set(list!.split(',').map(Number))] };
}
