import { CallTime } from './call-time';
import { checkInputs } from './check-inputs';
import { exchange, type HttpAnswer } from './http-exchange';
import { InferenceError, invalidRequest } from './inference-error';
import { decodeAnswer, parseAnswer } from './infer-answer';
import { EncodedRequest, type InferBody } from './infer-request';
import { callSettings, modelUrl, type CallOptions, type ClientOptions, type Fetch } from './options';
import { withRetries } from './retries';
import type { Datatype, ModelSpec, TensorSpec } from './tensors';

/** Metadata of a model. In shapes, -1 stands for a size that is not fixed. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** Fields of the model card, such as licence and authors; undefined if the model has no card. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** Behaviour that all clients share. */
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
    // Reports invalid options now instead of on the first call.
    callSettings(options, {});
  }

  async infer(
    input: object,
    options: CallOptions & { readonly outputs?: readonly PropertyKey[] | undefined },
  ): Promise<object> {
    const wanted = options.outputs ? this.outputSpecs(options.outputs) : this.model.outputs;
    const outputs = await this.post('/infer', input, wanted, options, ({ headers, body }) =>
      decodeAnswer(wanted, body, headers.get('inference-header-content-length')),
    );
    return Object.fromEntries(outputs.map(({ spec, shape, data }) => [spec.name, { shape, data }]));
  }

  /** Sends an input to one of the paths that run the model. */
  async post<T>(
    path: string,
    input: object,
    outputs: readonly TensorSpec[],
    options: CallOptions,
    read: (answer: HttpAnswer) => T,
  ): Promise<T> {
    const body = this.encode(input, outputs);
    return this.call(path, options, (remaining) => ({ method: 'POST', ...body(remaining) }), read);
  }

  outputSpecs(names: readonly PropertyKey[]): readonly TensorSpec[] {
    return names.map((name) => {
      const spec = this.model.outputs.find((output) => output.name === name);
      if (spec) return spec;
      const known = this.model.outputs.map((output) => JSON.stringify(output.name)).join(', ');
      throw invalidRequest(`unknown output ${JSON.stringify(name)}; the model's outputs are ${known}`);
    });
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

  /** Returns a function that encodes the request for an attempt, given the remaining time in milliseconds. */
  protected encode(input: object, outputs: readonly TensorSpec[]): (remaining: number) => InferBody {
    const inputs = checkInputs(this.model.inputs, input);
    const request = new EncodedRequest(inputs, outputs, this.options.protocol ?? 'binary');
    return (remaining) => request.body(remaining);
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
  readonly body?: InferBody['body'];
  readonly headers?: Readonly<Record<string, string>>;
}

const get = (): RequestParts => ({ method: 'GET' });
