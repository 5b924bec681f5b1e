import { withoutNoise } from '../base/rounding';
type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element as text. Each child element is on its own line, for readable diffs. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(attributeText(value))}"`);
  const tag = `${name}${list.join('')}`;
  if (children.length === 0) return `<${tag}/>`;
  const hasElements = children.some((child) => child.startsWith('<'));
  const content = hasElements ? `\n${children.join('\n')}\n` : children.join('');
  return `<${tag}>${content}</${name}>`;
}

/** Escapes text for XML. */
export function escaped(text: string): string {
  // XML cannot represent any other characters, even if they are escaped.
  const allowed = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return allowed.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Rounds numbers to tenths of a pixel. */
function attributeText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(10 * value) / 10) : value;
}

/** An axis of a chart, which maps values to coordinates. */
export interface Axis {
  readonly ticks: readonly number[];
  /** Returns the coordinate of a value, in the chart's units. */
  place(value: number): number;
}

/** Approximate number of ticks. */
const TICKS = 5;

/** Linear axis from 0 to the first tick that is at least `most`. */
export function linearAxis(most: number, from: number, to: number): Axis {
  const step = roundStep(most / TICKS);
  const count = Math.ceil(most / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step);
  return { ticks, place: (value) => from + ((to - from) * value) / (count * step) };
}

/** Logarithmic axis that covers all values. Its ends are round numbers: 1, 2, 5, 10, 20 and so on. */
export function logAxis(values: readonly number[], from: number, to: number): Axis {
  const first = floorRound(Math.min(...values));
  const ticks = [first];
  while ((ticks.at(-1) as number) < Math.max(...values) || ticks.length < 2)
    ticks.push(nextRound(ticks.at(-1) as number));
  const [low, high] = [Math.log(first), Math.log(ticks.at(-1) as number)];
  const place = (value: number) => from + ((to - from) * (Math.log(value) - low)) / (high - low);
  return { ticks: ticks.length > 8 ? ticks.filter(isPowerOfTen) : ticks, place };
}

/** Logarithmic axis with a tick at each value. The values roughly double from tick to tick. */
export function doublingAxis(ticks: readonly number[], from: number, to: number): Axis {
  const [low, high] = [ticks[0], ticks.at(-1)].map((tick) => Math.log2(tick as number)) as [number, number];
  // A single tick is placed in the middle.
  const place = (value: number) =>
    high === low ? (from + to) / 2 : from + ((to - from) * (Math.log2(value) - low)) / (high - low);
  return { ticks, place };
}

/** Smallest round number that is at least `least`: 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= least * (1 - 1e-9)) as number;
  return withoutNoise(factor * power);
}

function floorRound(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = [5, 2, 1].find((candidate) => candidate * power <= value * (1 + 1e-9)) ?? 1;
  return withoutNoise(factor * power);
}

function nextRound(value: number): number {
  return roundStep(value * 1.5);
}

function isPowerOfTen(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

export interface Line {
  readonly color: string;
  readonly points: readonly Point[];
  /** Point around which a ring is drawn. */
  readonly marked?: Point;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly box: Box;
  readonly tickText: (value: number) => string;
  readonly lines: readonly Line[];
}

/** Edges of the plot, without its labels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A gray that is legible on white and on black. */
export const INK = '#7a808a';

/** Draws a line chart. */
export function chart(options: Chart): string {
  const { title, xTitle, box } = options;
  return element(
    'g',
    {},
    text(title, { x: box.left, y: box.top - 16, 'font-weight': 600 }),
    ...yGrid(options),
    ...xTicks(options),
    text(xTitle, { x: (box.left + box.right) / 2, y: box.bottom + 38, 'text-anchor': 'middle' }),
    ...options.lines.map((line) => lineOf(line, options)),
  );
}

/** Draws text. */
export function text(content: string, attributes: Readonly<Record<string, string | number>>): string {
  return element('text', { fill: INK, ...attributes }, escaped(content));
}

function yGrid({ y, box, tickText }: Chart): string[] {
  return y.ticks.flatMap((tick) => {
    const at = y.place(tick);
    return [
      element('line', { x1: box.left, x2: box.right, y1: at, y2: at, stroke: INK, 'stroke-opacity': '0.25' }),
      text(tickText(tick), { x: box.left - 8, y: at + 4, 'text-anchor': 'end' }),
    ];
  });
}

function xTicks({ x, box }: Chart): string[] {
  return x.ticks.map((tick) => text(String(tick), { x: x.place(tick), y: box.bottom + 18, 'text-anchor': 'middle' }));
}

function lineOf({ color, points, marked }: Line, { x, y }: Chart): string {
  const places = points.map((point) => ({ cx: x.place(point.x), cy: y.place(point.y) }));
  const path = places.map(({ cx, cy }, i) => `${i === 0 ? 'M' : 'L'}${cx.toFixed(1)} ${cy.toFixed(1)}`).join('');
  const ring = marked && { cx: x.place(marked.x), cy: y.place(marked.y), r: 7 };
  return [
    element('path', { d: path, fill: 'none', stroke: color, 'stroke-width': 2 }),
    ...places.map((place) => element('circle', { ...place, r: 3, fill: color })),
    ...(ring ? [element('circle', { ...ring, fill: 'none', stroke: color, 'stroke-width': 2 })] : []),
  ].join('\n');
}
