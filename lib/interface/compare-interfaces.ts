import { type Dimension, type TensorSignature, tensorText } from '../../inference-image/src/contract/signature';
import type { Direction } from '../model/errors';
import { compareClasses } from './compare-classes';
import { comparePictures } from './compare-pictures';
import type { Difference } from './difference';
import type { ModelInterface } from './model-interface';
import { sameSymbols } from './symbols';

/**
 * Lists the differences between two interfaces. The order of tensors and the names of dimensions are ignored,
 * because clients never use them.
 */
export function compareInterfaces(accepted: ModelInterface, current: ModelInterface): Difference[] {
  const unchanged = sameSymbols(accepted, current);
  return [
    ...(accepted.name === current.name ? [] : [renamedModel(accepted.name, current.name)]),
    ...compareTensors('input', accepted.inputs, current.inputs, unchanged),
    ...newlyEqual(accepted.inputs, current.inputs),
    ...compareTensors('output', accepted.outputs, current.outputs, unchanged),
    ...comparePictures(accepted.picture, current.picture),
    ...compareClasses(accepted.classes, current.classes),
  ];
}

function renamedModel(accepted: string, current: string): Difference {
  return {
    change: `the model is renamed from "${accepted}" to "${current}"`,
    effect: 'clients that use the old name no longer find it',
  };
}

type Tensors = readonly TensorSignature[];

function compareTensors(
  direction: Direction,
  accepted: Tensors,
  current: Tensors,
  hasSameSymbols: boolean,
): Difference[] {
  const removed = accepted.filter(({ name }) => !find(current, name));
  const added = current.filter(({ name }) => !find(accepted, name));
  const differences: Difference[] = [];
  for (const tensor of removed) {
    const index = added.findIndex((other) => tensorText(other) === tensorText(tensor));
    const [successor] = index < 0 ? [] : added.splice(index, 1);
    differences.push(successor ? renamedTensor(direction, tensor, successor) : removedTensor(direction, tensor));
  }
  differences.push(...added.map((tensor) => addedTensor(direction, tensor)));
  for (const tensor of accepted) {
    const now = find(current, tensor.name);
    if (now) differences.push(...changedTensor(direction, tensor, now, hasSameSymbols));
  }
  return differences;
}

function renamedTensor(direction: Direction, accepted: TensorSignature, current: TensorSignature): Difference {
  return {
    change: `${direction} "${accepted.name}" is renamed to "${current.name}"`,
    effect:
      direction === 'input'
        ? 'clients that use the old name are refused'
        : 'clients that use the old name no longer find it',
  };
}

function removedTensor(direction: Direction, tensor: TensorSignature): Difference {
  const change = `${direction} "${tensor.name}" (${tensorText(tensor)}) is removed`;
  const effect = direction === 'input' ? 'clients that send it are refused' : 'clients that read it no longer find it';
  return { change, effect };
}

/** Describes a new tensor. A new input breaks clients, because every input is required. */
function addedTensor(direction: Direction, tensor: TensorSignature): Difference {
  const change = `${direction} "${tensor.name}" (${tensorText(tensor)}) is added`;
  return direction === 'input' ? { change, effect: 'clients that do not send it are refused' } : { change };
}

function changedTensor(
  direction: Direction,
  accepted: TensorSignature,
  current: TensorSignature,
  hasSameSymbols: boolean,
): Difference[] {
  const onlySymbols = hasSameSymbols && anonymous(accepted) === anonymous(current);
  if (tensorText(accepted) === tensorText(current) || onlySymbols) return [];
  const change = `${direction} "${accepted.name}" changes from ${tensorText(accepted)} to ${tensorText(current)}`;
  return [{ change, effect: effectOf(direction, accepted, current) }];
}

function effectOf(direction: Direction, accepted: TensorSignature, current: TensorSignature): string | undefined {
  const isInput = direction === 'input';
  const broken = (what: string) =>
    isInput ? `clients that send ${what} are refused` : `clients that expect ${what} misread it`;
  if (accepted.datatype !== current.datatype) return broken(accepted.datatype);
  if (accepted.dimensions.length !== current.dimensions.length)
    return broken(`tensors of rank ${accepted.dimensions.length}`);
  // Clients must send an input of the size that is now fixed, and may rely on an output size that was fixed.
  const [fixed, other] = isInput ? [current, accepted] : [accepted, current];
  if (!fixed.dimensions.some((size, axis) => isFixed(size) && size !== other.dimensions[axis])) return undefined;
  return isInput ? 'clients that send other sizes are refused' : 'clients that rely on its size misread it';
}

/** Finds dimensions of inputs that now share a symbol, so that their sizes can no longer differ. */
function newlyEqual(accepted: Tensors, current: Tensors): Difference[] {
  const seen = new Map<string, { name: string; axis: number; before: Dimension | undefined }>();
  const differences: Difference[] = [];
  for (const { name, dimensions } of current) {
    for (const [axis, symbol] of dimensions.entries()) {
      const before = find(accepted, name)?.dimensions[axis];
      if (typeof symbol !== 'string' || before === undefined) continue;
      const first = seen.get(symbol);
      if (!first) seen.set(symbol, { name, axis, before });
      else if (couldDiffer(first.before, before)) {
        differences.push({
          change: `dimension ${axis} of input "${name}" must now equal dimension ${first.axis} of input "${first.name}" ("${symbol}")`,
          effect: 'clients that send other sizes are refused',
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

/** Text of a tensor without the names of its dimensions. */
function anonymous({ datatype, dimensions }: TensorSignature): string {
  return tensorText({ datatype, dimensions: dimensions.map((size) => (typeof size === 'string' ? '*' : size)) });
}
