import { type Dimension, type TensorSignature, tensorText } from '../../inference-image/src/contract/signature';
import type { Direction } from '../model/errors';
import { compareClasses } from './compare-classes';
import { comparePictures } from './compare-pictures';
import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';
import { sameSymbols } from './symbols';

/** In what an interface is not what it was. Clients go by name: the order of tensors does not count, nor do names of dimensions. */
export function compareInterfaces(was: ModelInterface, is: ModelInterface): Difference[] {
  const unchanged = sameSymbols(was, is);
  return [
    ...(was.name === is.name ? [] : [renamedModel(was.name, is.name)]),
    ...compareTensors('input', was.inputs, is.inputs, unchanged),
    ...newlyEqual(was.inputs, is.inputs),
    ...compareTensors('output', was.outputs, is.outputs, unchanged),
    ...comparePictures(was.picture, is.picture),
    ...compareClasses(was.classes, is.classes),
  ];
}

function renamedModel(was: string, is: string): Difference {
  return { what: `the model is called "${is}", and was called "${was}"`, harm: 'clients ask for it by its name' };
}

type Tensors = readonly TensorSignature[];

function compareTensors(direction: Direction, was: Tensors, is: Tensors, hasSameSymbols: boolean): Difference[] {
  const removed = was.filter(({ name }) => !find(is, name));
  const added = is.filter(({ name }) => !find(was, name));
  const differences: Difference[] = [];
  for (const tensor of removed) {
    const index = added.findIndex((other) => tensorText(other) === tensorText(tensor));
    const [successor] = index < 0 ? [] : added.splice(index, 1);
    differences.push(successor ? renamed(direction, tensor, successor) : gone(direction, tensor));
  }
  differences.push(...added.map((tensor) => come(direction, tensor)));
  for (const tensor of was) {
    const now = find(is, tensor.name);
    if (now) differences.push(...changed(direction, tensor, now, hasSameSymbols));
  }
  return differences;
}

function renamed(direction: Direction, was: TensorSignature, is: TensorSignature): Difference {
  const verb = direction === 'input' ? 'send' : 'read';
  return { what: `${direction} "${was.name}" is called "${is.name}" now`, harm: `clients ${verb} it by its old name` };
}

function gone(direction: Direction, tensor: TensorSignature): Difference {
  const what = `${direction} "${tensor.name}" is gone, and was ${tensorText(tensor)}`;
  const harm =
    direction === 'input' ? 'clients that send it would be refused' : 'clients that read it would find nothing';
  return { what, harm };
}

/** Every input is required. */
function come(direction: Direction, tensor: TensorSignature): Difference {
  const what = `${direction} "${tensor.name}" is new, ${tensorText(tensor)}`;
  return direction === 'input' ? { what, harm: 'clients that do not send it would be refused' } : { what };
}

function changed(
  direction: Direction,
  was: TensorSignature,
  is: TensorSignature,
  hasSameSymbols: boolean,
): Difference[] {
  const onlySymbols = hasSameSymbols && anonymous(was) === anonymous(is);
  if (tensorText(was) === tensorText(is) || onlySymbols) return [];
  const what = `${direction} "${was.name}" is ${tensorText(is)}, and was ${tensorText(was)}`;
  return [{ what, harm: harmOf(direction, was, is) }];
}

function harmOf(direction: Direction, was: TensorSignature, is: TensorSignature): string | undefined {
  const isInput = direction === 'input';
  const verb = isInput ? 'send' : 'read';
  if (was.datatype !== is.datatype) return `clients ${verb} ${was.datatype}`;
  if (was.dimensions.length !== is.dimensions.length) return `clients ${verb} tensors of rank ${was.dimensions.length}`;
  // A size that is fixed now binds those who send; one that was fixed is what those who read count on.
  const [fixed, other] = isInput ? [is, was] : [was, is];
  if (!fixed.dimensions.some((size, axis) => isFixed(size) && size !== other.dimensions[axis])) return undefined;
  return isInput ? 'clients that send other sizes would be refused' : 'clients that count on its size would misread it';
}

/** Dimensions of inputs that have one symbol now, and need not have been equal. */
function newlyEqual(was: Tensors, is: Tensors): Difference[] {
  const seen = new Map<string, { name: string; axis: number; before: Dimension | undefined }>();
  const differences: Difference[] = [];
  for (const { name, dimensions } of is) {
    for (const [axis, symbol] of dimensions.entries()) {
      const before = find(was, name)?.dimensions[axis];
      if (typeof symbol !== 'string' || before === undefined) continue;
      const first = seen.get(symbol);
      if (!first) seen.set(symbol, { name, axis, before });
      else if (couldDiffer(first.before, before)) {
        differences.push({
          what: `dimension ${axis} of input "${name}" must equal dimension ${first.axis} of input "${first.name}" ("${symbol}"), and could differ`,
          harm: 'clients that send other sizes would be refused',
        });
      }
    }
  }
  return differences;
}

function couldDiffer(one: Dimension | undefined, other: Dimension): boolean {
  return one === null || other === null || one !== other;
}

function isFixed(dimension: Dimension | undefined): boolean {
  return typeof dimension === 'number';
}

function find(tensors: Tensors, name: string): TensorSignature | undefined {
  return tensors.find((tensor) => tensor.name === name);
}

/** Without the names of its dimensions. */
function anonymous({ datatype, dimensions }: TensorSignature): string {
  return tensorText({ datatype, dimensions: dimensions.map((size) => (typeof size === 'string' ? '*' : size)) });
}
