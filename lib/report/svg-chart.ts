import type { Axis } from './axis';
import { element, escaped } from './svg-element';

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
