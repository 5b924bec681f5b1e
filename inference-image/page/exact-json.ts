/**
 * Third argument that JSON.parse passes to a reviver; contains the number as written. Older browsers do not pass it, so
 * they round large integers.
 */
interface Context {
  readonly source?: string;
}

type Reviver = (key: string, value: unknown, context?: Context) => unknown;

/** Parses JSON; integers beyond a double's 53 bits become bigints. */
export function parseJson(text: string): unknown {
  const revive: Reviver = (_key, value, context) => {
    const source = context?.source;
    const isRounded = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '');
    return isRounded ? BigInt(source!) : value;
  };
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}

/** JSON on one line. */
export function compactJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Object.is(value, -0)) return '-0';
  if (Array.isArray(value)) return `[${value.map(compactJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${compactJson(item)}`)
    .join(',')}}`;
}

/**
 * Maximum length of an array that is written on one line. Longer arrays have this many elements per line, or one row of
 * the tensor per line.
 */
const ONE_LINE = 16;
/**
 * Maximum length of a tensor's row that is written on one line; longer rows are wrapped without regard to the shape.
 */
const LONGEST_ROW = 32;

/** JSON for people to read: one line per field, and tensor elements in rows according to their shape. */
export function readableJson(value: unknown, indent = '', rowLength = ONE_LINE): string {
  const deeper = `${indent}  `;
  const block = (open: string, lines: string[], close: string) =>
    lines.length === 0 ? open + close : `${open}\n${lines.map((line) => deeper + line).join(',\n')}\n${indent}${close}`;
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object' && item !== null)) {
      return block(
        '[',
        value.map((item) => readableJson(item, deeper, rowLength)),
        ']',
      );
    }
    const items = value.map(compactJson);
    return items.length <= ONE_LINE ? `[${items.join(', ')}]` : block('[', rows(items, rowLength), ']');
  }
  if (!isObject(value)) return compactJson(value);
  const length = rowLengthOf(value);
  const lines = entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${readableJson(item, deeper, length)}`);
  return block('{', lines, '}');
}

function rows(items: readonly string[], length: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < items.length; at += length) lines.push(items.slice(at, at + length).join(', '));
  return lines;
}

function rowLengthOf({ shape }: Record<string, unknown>): number {
  const last: unknown = Array.isArray(shape) ? shape.at(-1) : undefined;
  return typeof last === 'number' && last > 1 && last <= LONGEST_ROW ? last : ONE_LINE;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function entries(value: Record<string, unknown>): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
