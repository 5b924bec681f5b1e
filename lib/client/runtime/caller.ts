import { CallTime } from './call-time';
import { checkInputs } from './check-inputs';
import { exchange, type HttpAnswer } from './http-exchange';
import { InferenceError, invalidRequest } from './inference-error';
import { decodeAnswer, parseAnswer } from './infer-answer';
import { EncodedRequest } from './infer-request';
import { callSettings, modelUrl, type CallOptions, type ClientOptions, type Fetch } from './options';
import { withRetries } from './retries';
import type { Datatype, ModelSpec, TensorSpec } from './tensors';

/** What a server says of a model; -1 is a size that is not fixed. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The model's card, such as its licence and authors; none where nobody said anything of it. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** What all clients do, whatever their model. */
export class Caller {
  private readonly model: ModelSpec;
  private readonly options: ClientOptions;
  private readonly url: string;
  private readonly fetch: Fetch;

  constructor(model: ModelSpec, options: ClientOptions) {
    this.model = model;
    this.options = options;
    this.url = modelUrl(options, model.name);
    this.fetch = options.fetch ?? ((url, init) => fetch(url, init));
    // What is wrong with them is said now rather than at the first call.
    callSettings(options, {});
  }

  async infer(
    inputs: object,
    options: CallOptions & { readonly outputs?: readonly PropertyKey[] | undefined },
  ): Promise<object> {
    const wanted = this.wantedOutputs(options.outputs);
    const request = new EncodedRequest(
      checkInputs(this.model.inputs, inputs),
      wanted,
      this.options.protocol ?? 'binary',
    );
    const outputs = await this.call(
      '/infer',
      options,
      (remaining) => ({ method: 'POST', ...request.body(remaining) }),
      ({ headers, body }) => decodeAnswer(wanted, body, headers.get('inference-header-content-length')),
    );
    return Object.fromEntries(outputs.map(({ spec, shape, data }) => [spec.name, { shape, data }]));
  }

  metadata(options: CallOptions): Promise<ModelMetadata> {
    return this.call('', options, get, ({ body }) => parseAnswer(body) as ModelMetadata);
  }

  async ready(options: CallOptions): Promise<boolean> {
    try {
      return await this.call('/ready', { ...options, retries: 0 }, get, () => true);
    } catch (error) {
      const isNotYet =
        error instanceof InferenceError && ['unavailable', 'connection', 'deadline'].includes(error.code);
      if (isNotYet) return false;
      throw error;
    }
  }

  private wantedOutputs(names: readonly PropertyKey[] | undefined): readonly TensorSpec[] {
    if (names === undefined) return this.model.outputs;
    return names.map((name) => {
      const spec = this.model.outputs.find((output) => output.name === name);
      if (spec) return spec;
      const known = this.model.outputs.map((output) => JSON.stringify(output.name)).join(', ');
      throw invalidRequest(`unknown output ${JSON.stringify(name)}; the model gives ${known}`);
    });
  }

  private async call<T>(
    path: string,
    options: CallOptions,
    request: (remaining: number) => RequestParts,
    read: (answer: HttpAnswer) => T,
  ): Promise<T> {
    const { retries, deadline, signals, headers } = callSettings(this.options, options);
    const time = new CallTime(deadline, signals);
    try {
      return await withRetries(time, retries, async () => {
        const { headers: own = {}, ...parts } = request(time.remaining());
        const all = new Headers(headers);
        for (const [name, value] of Object.entries(own)) all.set(name, value);
        return read(await exchange(this.fetch, this.url + path, { ...parts, headers: all, signal: time.signal }));
      });
    } finally {
      time.close();
    }
  }
}

interface RequestParts {
  readonly method: string;
  readonly body?: string | ArrayBuffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const get = (): RequestParts => ({ method: 'GET' });
