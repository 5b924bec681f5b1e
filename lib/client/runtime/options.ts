/** Options of a client; only `url` is required. */
export interface ClientOptions extends CallOptions {
  /**
   * URL of the server, such as `https://digits.example.com`. If it has a path, `/v2/models/…` is appended to the path.
   */
  readonly url: string;

  /**
   * Version of the model to request. A server that has a different version answers with 404.
   *
   * @default - the version that the server has
   */
  readonly version?: string | undefined;

  /**
   * Encoding of tensors: bytes, which are smaller and faster, or JSON, which is readable. FP16 has no JSON form and is
   * always sent as bytes.
   *
   * @default 'binary'
   */
  readonly protocol?: 'binary' | 'json' | undefined;

  /**
   * Function that sends requests, for example through a proxy or in a test.
   *
   * @default - the platform's fetch
   */
  readonly fetch?: Fetch | undefined;
}

/** Options of a call. The client's options are the defaults. */
export interface CallOptions {
  /**
   * Maximum number of retries after status 429 or 503, or after a connection that failed before the answer was
   * complete.
   *
   * @default 3
   */
  readonly retries?: number | undefined;

  /**
   * Time limit of the whole call in milliseconds, including all attempts and pauses. The server receives the remaining
   * time, and drops a request that it cannot start in time.
   *
   * @default 30000
   */
  readonly deadline?: number | undefined;

  /**
   * Signal that aborts the call. If the client has a signal too, either of the two aborts the call.
   *
   * @default - none
   */
  readonly signal?: AbortSignal | undefined;

  /**
   * Headers of each request, such as `authorization`. Headers of a call override those of the client.
   *
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Options of a call with all defaults applied. */
export interface CallSettings {
  readonly retries: number;
  readonly deadline: number;
  readonly signals: readonly AbortSignal[];
  readonly headers: Headers;
}

/** Resolves the options of a call, which override those of the client. */
export function callSettings(client: CallOptions, call: CallOptions): CallSettings {
  const retries = call.retries ?? client.retries ?? 3;
  const deadline = call.deadline ?? client.deadline ?? 30_000;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError(`retries is ${retries}; it must be a non-negative integer`);
  }
  if (typeof deadline !== 'number' || !(deadline > 0)) {
    throw new TypeError(`deadline is ${deadline}; it must be a number of milliseconds above 0`);
  }
  // Compressing numbers takes time and hardly makes an answer smaller. Browsers ignore this header.
  const headers = new Headers({ 'accept-encoding': 'identity' });
  for (const [name, value] of Object.entries(client.headers ?? {})) headers.set(name, value);
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
  const signals = [client.signal, call.signal].flatMap((signal) => (signal ? [signal] : []));
  return { retries, deadline, signals, headers };
}

/** Base URL of a model's paths. */
export function modelUrl({ url, version }: ClientOptions, model: string): string {
  const base = parseUrl(url);
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(
      `url is ${JSON.stringify(url)}; it must be an absolute URL such as "https://models.example.com"`,
    );
  }
  if (base.username !== '' || base.password !== '') {
    throw new TypeError(
      'url contains a user name or password, which fetch rejects; set the authorization header instead',
    );
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
