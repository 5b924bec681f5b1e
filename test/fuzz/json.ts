import type { Random } from './random';

/** JSON, and text that is almost JSON. Both are invalid in most places of a request. */
const ODD_TEXTS = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1.5', '1e400', '-1e400', '1e-400', '2147483648', '4294967296'],
  ...['9007199254740993', '9223372036854775808', '-9223372036854775809', '18446744073709551616', '1e15', '1E+2'],
  ...['NaN', 'Infinity', '-Infinity', '-', '+1', '01', '1.', '.5', '1e', '0x10', '1_0', 'undefined', "'x'", ''],
  ...['""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x"', '"\\u12"', '"\t"', '"', '"\ufeff"', '"💩"'],
  ...['[]', '[[]]', '[null]', '[1,]', '[,1]', '[1 2]', '[', ']', '[[1],[2,3]]', '[[1],2]', '[-1]', '[1e9,1e9]'],
  ...['[4294967296,4294967296]', '[0]', '[0,4294967296]', '[9007199254740991]', '[1.5]', '["1"]', '[true,false]'],
  ...['{}', '{"":1}', '{"a":1,}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":1}}', '{"toJSON":1}', '{'],
  ...['"x"', '"FP32"', '"FP16"', '"BYTES"', '"INT64"', '"BOOL"', '"BF16"', '"fp32"', '"toString"', '"__proto__"'],
];

const ODD_KEYS = [
  ...['__proto__', 'constructor', 'toString', 'length', 'hasOwnProperty', '', 'data', 'shape', 'parameters', 'outputs'],
  ...['binary_data_size', 'binary_data', 'binary_data_output', 'classification', 'shared_memory_region', 'sequence_id'],
  ...['timeout', 'priority', 'id', 'inputs', 'name', 'datatype', '\ud800', 'then'],
];

/** Placeholder for text that JSON.stringify cannot write. */
const MARK = '\u0001mark\u0001';

type Parent = Record<string | number, unknown>;

/** Writes a request as JSON text, with one to three changes of its structure. */
export function mutateJson(random: Random, request: object): string {
  const root: Parent = { root: structuredClone(request) };
  const texts: string[] = [];
  for (let times = 1 + random.below(3); times > 0; times--) mutateNode(random, root, texts);
  let text = JSON.stringify(root.root) ?? '';
  for (const each of texts) text = text.replace(JSON.stringify(MARK), () => each);
  return text;
}

function mutateNode(random: Random, root: Parent, texts: string[]): void {
  const [parent, key] = pickNode(random, root);
  const node = parent[key];
  switch (random.below(7)) {
    case 0:
      if (parent === root) break;
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return;
    case 1:
      if (!Array.isArray(node) || node.length === 0) break;
      node.push(structuredClone(random.pick(node)));
      return;
    case 2: {
      if (typeof node !== 'object' || node === null || Array.isArray(node)) break;
      // Defines the key as JSON.parse does. An assignment would treat `__proto__` differently.
      const entry = { value: MARK, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(node, random.pick(ODD_KEYS), entry);
      texts.push(oddText(random));
      return;
    }
    case 3: {
      if (typeof node !== 'object' || node === null || Array.isArray(node)) break;
      const text = JSON.stringify(node);
      const again = JSON.stringify(random.pick([...Object.keys(node), ...ODD_KEYS]));
      parent[key] = MARK;
      texts.push(`${text.slice(0, -1)}${text === '{}' ? '' : ','}${again}:${oddText(random)}}`);
      return;
    }
    case 4:
      parent[key] = [node];
      return;
    default:
  }
  parent[key] = MARK;
  texts.push(oddText(random));
}

/** Picks a node; deeper nodes are more likely. */
function pickNode(random: Random, root: Parent): [Parent, string | number] {
  let parent = root;
  let key: string | number = 'root';
  for (;;) {
    const node: unknown = parent[key];
    if (typeof node !== 'object' || node === null || random.chance(0.2)) return [parent, key];
    const keys: string[] = Object.keys(node);
    if (keys.length === 0) return [parent, key];
    parent = node as Parent;
    key = random.pick(keys);
  }
}

function oddText(random: Random): string {
  if (random.chance(0.95)) return random.pick(ODD_TEXTS);
  const times = 10 ** (1 + random.below(4));
  switch (random.below(6)) {
    case 0:
      return '['.repeat(times) + ']'.repeat(times);
    case 1:
      return '['.repeat(times);
    case 2:
      return '{"a":'.repeat(times) + '1' + '}'.repeat(times);
    case 3:
      return `"${'x'.repeat(times)}"`;
    case 4:
      return `[${'1,'.repeat(times)}1]`;
    default:
      return '9'.repeat(times);
  }
}
