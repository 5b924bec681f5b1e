import {
  type Dimension,
  type Signature,
  type TensorSignature,
  tensorText,
} from '../../inference-image/src/contract/signature';
import type { Direction } from '../model/errors';
import type { ModelInterface } from './model-interface';

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

/** One difference between the accepted and the current interface. */
export interface Difference {
  /** Description of the change, such as `input "image" changes from FP32 [batch, 64] to FP32 [1, 64]`. */
  readonly change: string;
  /** Effect on clients that rely on the accepted interface; undefined if the difference does not affect them. */
  readonly effect?: string;
}

/** Selects the differences that break clients of the accepted interface. */
export function breaking(differences: readonly Difference[]): Required<Difference>[] {
  return differences.filter((difference): difference is Required<Difference> => difference.effect !== undefined);
}

/**
 * Whether the symbols of two signatures differ only in name. Ignores dimensions that have a symbol in only one of them.
 */
export function sameSymbols(one: Signature, other: Signature): boolean {
  const [a, b] = [one, other].map(symbolsByPlace) as [Map<string, string>, Map<string, string>];
  const there = new Map<string, string>();
  const back = new Map<string, string>();
  for (const [place, symbol] of a) {
    const counterpart = b.get(place);
    if (counterpart === undefined) continue;
    if ((there.get(symbol) ?? counterpart) !== counterpart || (back.get(counterpart) ?? symbol) !== symbol)
      return false;
    there.set(symbol, counterpart);
    back.set(counterpart, symbol);
  }
  return true;
}

function symbolsByPlace({ inputs, outputs }: Signature): Map<string, string> {
  const places = new Map<string, string>();
  for (const [direction, tensors] of [
    ['input', inputs],
    ['output', outputs],
  ] as const) {
    for (const { name, dimensions } of tensors) {
      dimensions.forEach((size, axis) => {
        if (typeof size === 'string') places.set(`${direction} ${axis} ${name}`, size);
      });
    }
  }
  return places;
}

type Classes = NonNullable<ModelInterface['classes']>;

/** Lists the differences for clients that request a class. */
export function compareClasses(accepted: Classes | undefined, current: Classes | undefined): Difference[] {
  if (!accepted) return current ? [{ change: 'the model now returns a class' }] : [];
  if (!current)
    return [{ change: 'the model no longer returns a class', effect: 'clients that request a class are refused' }];
  return [...compareKinds(accepted, current), ...compareNames(accepted, current)];
}

function compareKinds(accepted: Classes, current: Classes): Difference[] {
  if (accepted.kind !== current.kind) {
    const change = `the class now comes from ${KINDS[current.kind]} instead of ${KINDS[accepted.kind]}`;
    const isLost =
      accepted.kind === 'label' ? current.names === undefined : NUMBERS[current.kind] < NUMBERS[accepted.kind];
    return [
      isLost
        ? {
            change,
            effect: `clients that read the ${accepted.kind === 'scores' ? 'score' : accepted.kind} do not find it`,
          }
        : { change },
    ];
  }
  if (accepted.softmax === current.softmax) return [];
  const [after, before] = current.softmax ? ['probabilities', 'the raw output'] : ['the raw output', 'probabilities'];
  return [
    { change: `scores are now ${after} instead of ${before}`, effect: 'clients that compare scores misread them' },
  ];
}

const KINDS: Record<Classes['kind'], string> = { scores: 'scores', index: 'an index', label: 'a label' };
/** Count of numeric fields that every class has: score and index, only the index, or none. */
const NUMBERS: Record<Classes['kind'], number> = { scores: 2, index: 1, label: 0 };

function compareNames({ kind, names: accepted }: Classes, { names: current }: Classes): Difference[] {
  if (!accepted || !current) return compareNaming(kind, accepted !== undefined, current !== undefined);
  const moved = accepted.find((name, index) => current.includes(name) && current[index] !== name);
  const removed = accepted.filter((name) => !current.includes(name));
  const added = current.filter((name) => !accepted.includes(name));
  const differences: Difference[] = [];
  if (removed.length > 0) {
    differences.push({
      change: `${classText(removed)} is removed`,
      effect: 'clients that look for its name do not find it',
    });
  }
  if (moved !== undefined) {
    const change = `class "${moved}" moves from index ${accepted.indexOf(moved)} to ${current.indexOf(moved)}`;
    differences.push({ change, effect: 'clients that use the index misread it' });
  }
  if (added.length > 0) {
    const change = `${classText(added)} is added`;
    // Typed clients contain the list of all names, but accept any label.
    differences.push(
      kind === 'label' ? { change } : { change, effect: 'clients with a fixed list of names reject it' },
    );
  }
  return differences;
}

/**
 * Compares whether classes have names. Without names, a class is named by its index if the output has scores or
 * indices, and a label has no index.
 */
function compareNaming(kind: Classes['kind'], hadNames: boolean, hasNames: boolean): Difference[] {
  if (hadNames === hasNames) return [];
  const change = hasNames ? 'classes now have names' : 'classes no longer have names';
  if (kind === 'label')
    return [hasNames ? { change } : { change, effect: 'clients that read the index do not find it' }];
  return [
    {
      change,
      effect: hasNames ? 'clients that expect indices receive names' : 'clients that expect names receive indices',
    },
  ];
}

function classText([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `class "${first}"` : `class "${first}" (and ${others.length} more)`;
}

type Picture = ModelInterface['picture'];

/** Lists the differences for clients that send pictures. */
export function comparePictures(accepted: Picture, current: Picture): Difference[] {
  if (!accepted) return current ? [{ change: 'pictures are now accepted' }] : [];
  if (!current) return [{ change: 'pictures are no longer accepted', effect: 'clients that send them are refused' }];
  const [before, after] = [accepted.maxPixels, current.maxPixels];
  if (before === after) return [];
  const change = `the maximum size of a picture changes from ${before} to ${after} pixels`;
  return [after < before ? { change, effect: 'clients that send larger pictures are refused' } : { change }];
}
