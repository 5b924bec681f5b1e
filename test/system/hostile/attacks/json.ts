/** Attacks with the structure of JSON. A few bytes make a parser allocate much memory. */
import { again, atOnce, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { filled, gzip, MIB } from '../wire/bytes';
import { ask, PACKED } from '../wire/http1';

/** Size of the smaller bodies, which is slightly below 1 MiB. */
const SMALL_BYTES = MIB - 1000;

type Text = string | Buffer;

/** JSON of about the given size, in which `middle` is repeated between `before` and `after`. */
function json(size: number, before: Text, middle: Text, after: Text): Buffer {
  const room = size - before.length - after.length;
  return Buffer.concat([Buffer.from(before), filled(room, middle), Buffer.from(after)]);
}

/** JSON of the model's first input, without the closing brace. */
function input({ inputs }: Target, shape = '[1]'): string {
  const { name, datatype } = inputs[0]!;
  return `{"name":"${name}","datatype":"${datatype}","shape":${shape}`;
}

type Make = (size: number, target: Target) => Buffer;

/**
 * Sends a request of the largest size from each of four clients at once. Then eight clients repeatedly send requests of
 * less than 1 MiB.
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
    'inputs with an object for every three bytes',
    (size) => json(size, '{"inputs":[', '{},', '{}]}'),
    { short: true },
  ),
  shape('json-empty-arrays', 'data with an array for every three bytes', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '[],', '[]]}]}'),
  ),
  shape('json-deep-arrays', 'nested arrays, one level for every byte', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":`, '[', ''),
  ),
  shape('json-deep-objects', 'parameters that are nested objects', (size) =>
    json(size, '{"parameters":', '{"a":', '1'),
  ),
  shape('json-many-outputs', 'requested outputs of 13 bytes each', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[1]}],"outputs":[`, '{"name":"a"},', '{"name":"b"}]}'),
  ),
  shape(
    'json-many-keys',
    'parameters with many different keys',
    (size) => {
      const parts: string[] = [];
      for (let i = 0, length = 0; length < size - 100; i++)
        length += parts[parts.push(`"${i.toString(36)}":0,`) - 1]!.length;
      return Buffer.from(`{"parameters":{${parts.join('')}"z":0},"inputs":[]}`);
    },
    { short: true },
  ),
  shape('json-duplicate-keys', 'a repeated key', (size) => json(size, '{', '"inputs":[],', '"inputs":[]}')),
  shape('json-many-parameters', 'parameters of an input whose names are nearly equal', (size, target) =>
    json(size, `{"inputs":[${input(target)},"parameters":{`, '"aa":{},', '"b":1}}]}'),
  ),
  shape('json-huge-rank', 'a shape with as many sizes as fit', (size, { inputs }) =>
    json(
      size,
      `{"inputs":[{"name":"${inputs[0]!.name}","datatype":"${inputs[0]!.datatype}","shape":[`,
      '1,',
      '1],"data":[1]}]}',
    ),
  ),
  shape(
    'json-long-name',
    "an input's name of backslashes, which an error quotes",
    (size) => json(size, '{"inputs":[{"name":"', '\\\\', '","datatype":"FP32","shape":[1]}]}'),
    { short: true },
  ),
  shape('json-long-datatype', 'a datatype as long as the body', (size, { inputs }) =>
    json(size, `{"inputs":[{"name":"${inputs[0]!.name}","shape":[1],"data":[1],"datatype":"`, 'FP', '"}]}'),
  ),
  shape('json-long-id', "a request's id as long as the body", (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[1]}],"id":"`, 'é', '"}'),
  ),
  shape('json-escapes', 'a string of six-byte escapes', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":["`, '\\u0001', '"]}]}'),
  ),
  shape('json-long-integer', 'one number with as many digits as fit', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '9', ']}]}'),
  ),
  shape('json-long-fraction', 'one number whose fraction has as many digits as fit', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[0.`, '0', '1]}]}'),
  ),
  shape('json-numbers-as-texts', 'numbers in quotes', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '"1",', '"1"]}]}'),
  ),
  shape('json-nulls', 'data of nulls', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, 'null,', 'null]}]}'),
  ),
  shape('json-too-many-numbers', 'more numbers than the shape allows', (size, target) =>
    json(size, `{"inputs":[${input(target)},"data":[`, '1,', '1]}]}'),
  ),
  shape('json-data-first', 'data that precedes a wrong name and shape', (size) =>
    json(size, '{"inputs":[{"data":[', '1,', '1],"name":"no such input","datatype":"FP32","shape":[1]}]}'),
  ),
  shape('json-data-twice', 'repeated data in one input', (size, target) =>
    json(size, `{"inputs":[${input(target)},`, '"data":[1],', '"data":[1]}]}'),
  ),
  shape('json-whitespace', 'spaces and line breaks between two brackets', (size) =>
    json(size, '{"inputs":[', ' \n', ']}'),
  ),
  shape('json-bom', 'a byte order mark before empty objects', (size) => json(size, '\ufeff{"inputs":[', '{},', '{}]}')),
  shape('json-prototype', 'keys with the names of inherited properties', (size) =>
    json(size, '{"inputs":[', '{"__proto__":{"constructor":[]}},', '{}]}'),
  ),
  shape('json-unknown-member', 'a member of empty objects that the protocol does not have', (size) =>
    json(size, '{"x":[', '{},', '{}],"inputs":[]}'),
  ),
  shape('json-not-utf8', 'a name that is not UTF-8', (size) =>
    json(size, '{"inputs":[{"name":"', Buffer.of(0xff), '"}]}'),
  ),
];
