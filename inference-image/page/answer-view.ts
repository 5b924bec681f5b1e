import { type Comparison, type Difference, shortNumber } from './comparison';
import { element } from './dom';
import type { Element, ExpectedTensor, Tensor } from './tensor';

/** Maximum number of elements of a tensor that the page shows. */
const MOST_ROWS = 50;

/** Table of a tensor's elements, with the expected values if they are known. */
export function outputTable(tensor: Tensor, comparison?: Comparison): HTMLElement {
  const shown = tensor.data.slice(0, MOST_ROWS);
  const differences = comparison?.differences;
  const columns = ['Index', 'Value', ...(differences ? ['Expected', 'Difference'] : [])];
  const head = columns.map((text) =>
    element('th', { scope: 'col', className: text === 'Index' ? '' : 'number' }, text),
  );
  const rows = shown.map((value, i) => {
    const cells = [cell(`[${indices(i, tensor.shape)}]`), cell(valueText(value), true)];
    const difference = differences?.[i];
    if (comparison && difference)
      cells.push(cell(valueText(comparison.tensor.data[i]!), true), cell(differenceText(difference), true));
    return element('tr', { className: difference && !difference.isWithin ? 'bad' : '' }, ...cells);
  });
  return element(
    'table',
    {},
    caption(tensor, comparison?.tensor),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}

function cell(text: string, isNumber = false): HTMLElement {
  return element('td', { className: isNumber ? 'number' : '' }, text);
}

function caption(tensor: Tensor, expected: ExpectedTensor | undefined): HTMLElement {
  const { name, datatype, shape, data } = tensor;
  const notes = [rangeText(tensor)];
  if (data.length > MOST_ROWS) notes.unshift(`first ${MOST_ROWS} of ${data.length.toLocaleString('en')} elements`);
  if (expected) notes.push(toleranceText(expected));
  return element(
    'caption',
    {},
    element('strong', {}, name),
    ` ${datatype} [${shape.join(', ')}]`,
    element('span', { className: 'note' }, notes.filter(Boolean).join(' · ')),
  );
}

function toleranceText({ datatype, tolerance: { absolute, relative } }: ExpectedTensor): string {
  return /^FP/.test(datatype) ? `tolerance ${absolute} + ${relative} × |expected|` : 'must be equal';
}

/** Describes the positions of the largest and smallest elements; for a classifier, the largest score is its answer. */
function rangeText({ data, shape }: Tensor): string {
  if (data.length < 2 || !data.every((value) => typeof value === 'number' || typeof value === 'bigint')) return '';
  let [least, most] = [0, 0];
  data.forEach((value, i) => {
    if (value < data[least]!) least = i;
    if (value > data[most]!) most = i;
  });
  return `largest at [${indices(most, shape)}], smallest at [${indices(least, shape)}]`;
}

function valueText(value: Element): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function differenceText({ distance, isWithin }: Difference): string {
  if (distance === undefined) return isWithin ? 'equal' : 'not equal';
  return shortNumber(distance);
}

/** Converts an element's position in row-major order to its indices. */
function indices(index: number, shape: readonly number[]): string {
  let rest = index;
  const places = [...shape].reverse().map((size) => {
    const place = rest % size;
    rest = Math.floor(rest / size);
    return place;
  });
  return places.reverse().join(', ');
}
