/** What a client needs to know; all but `url` has a default. */
export interface ClientOptions extends CallOptions {
  /** Where the server is, such as `https://digits.example.com`; a path before `/v2` is kept. */
  readonly url: string;

  /**
   * The version of the model to ask for: a server that serves another one answers with 404.
   *
   * @default - whichever the server serves
   */
  readonly version?: string | undefined;

  /**
   * How tensors travel: as bytes, which is smaller and faster, or as JSON, which people can read. FP16 has no JSON form
   * and travels as bytes either way.
   *
   * @default 'binary'
   */
  readonly protocol?: 'binary' | 'json' | undefined;

  /**
   * What sends requests, for an agent, a proxy or a test.
   *
   * @default - the platform's fetch
   */
  readonly fetch?: Fetch | undefined;
}

/** What may differ from call to call; what is left out is as the client has it. */
export interface CallOptions {
  /**
   * How often to try again after 429, 503, or a connection that failed before the answer was there.
   *
   * @default 3
   */
  readonly retries?: number | undefined;

  /**
   * Milliseconds that the whole call may take, attempts and pauses together. The server is told what is left of them,
   * and drops what it could only begin later.
   *
   * @default 30000
   */
  readonly deadline?: number | undefined;

  /**
   * Ends a call when it is aborted. A call heeds its own and the client's.
   *
   * @default - none
   */
  readonly signal?: AbortSignal | undefined;

  /**
   * Headers of each request, such as `authorization`. Those of a call go before those of the client.
   *
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What is known of a call when all defaults are in place. */
export interface CallSettings {
  readonly retries: number;
  readonly deadline: number;
  readonly signals: readonly AbortSignal[];
  readonly headers: Headers;
}

/** The settings of a call, from what stands in its own options, else in the client's. */
export function callSettings(client: CallOptions, call: CallOptions): CallSettings {
  const retries = call.retries ?? client.retries ?? 3;
  const deadline = call.deadline ?? client.deadline ?? 30_000;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError(`retries is ${retries}; it must be a whole number, 0 or more`);
  }
  if (typeof deadline !== 'number' || !(deadline > 0)) {
    throw new TypeError(`deadline is ${deadline}; it must be a number of milliseconds, more than 0`);
  }
  // Compression hardly makes an answer of numbers smaller, only later. Browsers pass over this header.
  const headers = new Headers({ 'accept-encoding': 'identity' });
  for (const [name, value] of Object.entries(client.headers ?? {})) headers.set(name, value);
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
  const signals = [client.signal, call.signal].flatMap((signal) => (signal ? [signal] : []));
  return { retries, deadline, signals, headers };
}

/** Where the paths of a model begin. */
export function modelUrl({ url, version }: ClientOptions, model: string): string {
  const base = parseUrl(url);
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(`url is ${JSON.stringify(url)}; it must be one such as "https://models.example.com"`);
  }
  if (base.username !== '' || base.password !== '') {
    throw new TypeError('url has a user or password, which fetch refuses; give the header authorization instead');
  }
  const path = `${base.origin}${base.pathname.replace(/\/+$/, '')}/v2/models/${encodeURIComponent(model)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
