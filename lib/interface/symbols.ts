import type { Signature } from '../../inference-image/src/contract/signature';

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
