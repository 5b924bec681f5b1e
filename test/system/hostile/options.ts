import { parseArgs } from 'node:util';
import { ATTACKS } from './attacks';

/** Options of a run; see test/system/hostile/run. */
export interface Options {
  readonly all: boolean;
  /** Whether latency and throughput count. */
  readonly isTimed: boolean;
  /** Strings of which an attack's name must contain at least one; empty for all attacks. */
  readonly only: readonly string[];
  /** Text that a configuration's name must contain. */
  readonly on: string;
  /** URL of a server that is already running. */
  readonly url?: URL;
  readonly grpc?: URL;
  readonly metrics?: URL;
  readonly maxRequestBytes?: number;
  readonly seconds: number;
}

export function readOptions(args?: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      all: { type: 'boolean', default: false },
      untimed: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      on: { type: 'string', default: '' },
      url: { type: 'string' },
      grpc: { type: 'string' },
      metrics: { type: 'string' },
      'max-request-bytes': { type: 'string' },
      seconds: { type: 'string' },
    },
  });
  const { all, untimed, only, on, url, grpc, metrics, seconds } = values;
  const unknown = only.find((text) => !ATTACKS.some(({ name }) => name.includes(text)));
  if (unknown)
    throw new Error(
      `No attack has ${unknown} in its name. The attacks are ${ATTACKS.map(({ name }) => name).join(', ')}.`,
    );
  if ((url === undefined) !== (grpc === undefined)) throw new Error('Use --url and --grpc together.');
  const size = values['max-request-bytes'];
  return {
    all,
    isTimed: !untimed,
    only,
    on,
    url: address(url),
    grpc: address(grpc),
    metrics: address(metrics),
    maxRequestBytes: size === undefined ? undefined : Number(size),
    seconds: Number(seconds ?? (all ? 6 : 3)),
  };
}

/** Hosts that users can attack. The list prevents attacks on servers on other machines. */
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

function address(text?: string): URL | undefined {
  if (text === undefined) return undefined;
  const url = new URL(text.includes('//') ? text : `http://${text}`);
  if (!LOOPBACK.includes(url.hostname)) throw new Error(`${text} is not on this machine. Use an address on 127.0.0.1.`);
  return url;
}
