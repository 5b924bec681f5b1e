/** Structure of JSON: few bytes that make a parser allocate much. */
import { again, atOnce, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { filled, gzip, MIB } from '../wire/bytes';
import { ask, PACKED } from '../wire/http1';

/** Just below the size from which bodies are read on a separate thread. */
const SMALL_BYTES = MIB - 1000;

type Text = string | Buffer;

/** JSON of a size: repeats the middle between the ends. */
function json(size: number, before: Text, middle: Text, after: Text): Buffer {
  const room = size - before.length - after.length;
  return Buffer.concat([Buffer.from(before), filled(room, middle), Buffer.from(after)]);
}

/** Beginning of the model's first input, without its closing brace. */
function input({ inputs }: Target, shape = '[1]'): string {
  const { name, datatype } = inputs[0]!;
  return `{"name":"${name}","datatype":"${datatype}","shape":${shape}`;
}

type Make = (size: number, target: Target) => Buffer;

/**
 * Sends one request of the largest size from four concurrent clients, and then smaller ones than 1 MiB repeatedly from
 * eight.
 */
async function attack(target: Target, make: Make): Promise<Tally> {
  const tally = new Tally();
  const path = inferPath(target);
  const whole = gzip(make(largest(target), target));
  const small = gzip(make(SMALL_BYTES, target));
  await atOnce(4, () => ask(target, tally, { path, headers: PACKED, body: whole }));
  await again(8, target.seconds / 2, () => ask(target, tally, { path, headers: PACKED, body: small }));
  return tally;
}

function shape(name: string, what: string, make: Make, more: Partial<Attack> = {}): Attack {
  const statuses = /^(HTTP (400|408|413|429)|closed.*)$/;
  return { name, what, statuses, ...more, run: (target) => attack(target, make) };
}

export const jsonStructure: readonly Attack[] = [
  shape(
    'json-empty-objects',
    'an object for each three bytes, as inputs',
    (size) => json(size, '{"inputs":[', '{},', '{}]}'),
    { short: true },
  ),
  shape('json-empty-arrays', 'an array for each three bytes, as data', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '[],', '[]]}]}'),
  ),
  shape('json-deep-arrays', 'arrays in arrays, as many as there are bytes', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":`, '[', ''),
  ),
  shape('json-deep-objects', 'objects in objects, as parameters', (size) => json(size, '{"parameters":', '{"a":', '1')),
  shape('json-many-outputs', 'requested outputs of 13 bytes each', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[1]}],"outputs":[`, '{"name":"a"},', '{"name":"b"}]}'),
  ),
  shape(
    'json-many-keys',
    'keys that differ, as parameters',
    (size) => {
      const parts: string[] = [];
      for (let i = 0, length = 0; length < size - 100; i++)
        length += parts[parts.push(`"${i.toString(36)}":0,`) - 1]!.length;
      return Buffer.from(`{"parameters":{${parts.join('')}"z":0},"inputs":[]}`);
    },
    { short: true },
  ),
  shape('json-duplicate-keys', 'a repeated key', (size) => json(size, '{', '"inputs":[],', '"inputs":[]}')),
  shape('json-many-parameters', 'parameters of an input that differ by little', (size, target) =>
    json(size, `{"inputs":[${input(target)},"parameters":{`, '"aa":{},', '"b":1}}]}'),
  ),
  shape('json-huge-rank', 'a shape of as many sizes as fit', (size, { inputs }) =>
    json(
      size,
      `{"inputs":[{"name":"${inputs[0]!.name}","datatype":"${inputs[0]!.datatype}","shape":[`,
      '1,',
      '1],"data":[1]}]}',
    ),
  ),
  shape(
    'json-long-name',
    "an input's name of backslashes, which an error repeats",
    (size) => json(size, '{"inputs":[{"name":"', '\\\\', '","datatype":"FP32","shape":[1]}]}'),
    { short: true },
  ),
  shape('json-long-datatype', 'a datatype as long as the body', (size, { inputs }) =>
    json(size, `{"inputs":[{"name":"${inputs[0]!.name}","shape":[1],"data":[1],"datatype":"`, 'FP', '"}]}'),
  ),
  shape('json-long-id', "a request's id as long as the body", (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[1]}],"id":"`, 'é', '"}'),
  ),
  shape('json-escapes', 'escapes of six bytes for a character, as a text', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":["`, '\\u0001', '"]}]}'),
  ),
  shape('json-long-integer', 'one number of as many digits as fit', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '9', ']}]}'),
  ),
  shape('json-long-fraction', 'one number with a fraction that does not end', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[0.`, '0', '1]}]}'),
  ),
  shape('json-numbers-as-texts', 'numbers in quotes', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '"1",', '"1"]}]}'),
  ),
  shape('json-nulls', 'nulls as data', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, 'null,', 'null]}]}'),
  ),
  shape('json-too-many-numbers', 'more numbers than the shape allows', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '1,', '1]}]}'),
  ),
  shape('json-data-first', 'data before the name and the shape, which are wrong', (size) =>
    json(size, '{"inputs":[{"data":[', '1,', '1],"name":"no such input","datatype":"FP32","shape":[1]}]}'),
  ),
  shape('json-data-twice', 'repeated data in one input', (size, target) =>
    json(size, `{"inputs":[${input(target)},`, '"data":[1],', '"data":[1]}]}'),
  ),
  shape('json-whitespace', 'spaces and line ends between two brackets', (size) =>
    json(size, '{"inputs":[', ' \n', ']}'),
  ),
  shape('json-bom', 'a byte order mark before empty objects', (size) => json(size, '\ufeff{"inputs":[', '{},', '{}]}')),
  shape('json-prototype', 'keys with the names of inherited properties', (size) =>
    json(size, '{"inputs":[', '{"__proto__":{"constructor":[]}},', '{}]}'),
  ),
  shape('json-unknown-member', 'a member that the protocol does not have, of empty objects', (size) =>
    json(size, '{"x":[', '{},', '{}],"inputs":[]}'),
  ),
  shape('json-not-utf8', 'bytes that are not UTF-8, as a name', (size) =>
    json(size, '{"inputs":[{"name":"', Buffer.of(0xff), '"}]}'),
  ),
];
