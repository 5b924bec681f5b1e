import { parseJson } from './exact-json';
import type { ExpectedTensor, Tensor, TensorMetadata } from './tensor';

export interface ModelMetadata {
  readonly name: string;
  readonly versions?: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** What the model's card says. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface ModelState {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

export interface Example {
  readonly name: string;
  readonly request?: unknown;
  readonly expected?: readonly ExpectedTensor[];
  /** Why there is no request, or nothing that is expected. */
  readonly omitted?: string;
}

export interface Answer {
  readonly outputs: readonly Tensor[];
  /** As it came. */
  readonly text: string;
  /** From sending the request until all of the answer was here. */
  readonly milliseconds: number;
}

/** The folder of this page, since an Ingress may have put the server below a path of its own. */
const BASE = location.origin + location.pathname.replace(/\/?$/, '/');

export async function modelState(): Promise<ModelState> {
  const [state] = (await ask('v2/repository/index', { method: 'POST' })) as [ModelState];
  return state;
}

export async function modelMetadata(model: string): Promise<ModelMetadata> {
  return (await ask(modelPath(model))) as ModelMetadata;
}

export async function examples(): Promise<readonly Example[]> {
  return ((await ask('page/examples.json')) as { examples: Example[] }).examples;
}

export function inferUrl(model: string): string {
  return BASE + inferPath(model);
}

export function inferPath(model: string): string {
  return `${modelPath(model)}/infer`;
}

/** @throws Error with what the server says is wrong */
export async function infer(model: string, request: string): Promise<Answer> {
  const start = performance.now();
  const response = await send(inferPath(model), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request,
  });
  const text = await response.text();
  const milliseconds = performance.now() - start;
  if (!response.ok) throw new Error(problemOf(response, text));
  if (response.headers.has('inference-header-content-length')) {
    throw new Error('The answer is binary, as the request asks for; this page shows answers in JSON only.');
  }
  const { outputs } = parseJson(text) as { outputs: Tensor[] };
  return { outputs, text, milliseconds };
}

/** encodeURIComponent leaves the quote, which would end a word of a shell. */
function modelPath(model: string): string {
  return `v2/models/${encodeURIComponent(model).replaceAll("'", '%27')}`;
}

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  const response = await send(path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(problemOf(response, text));
  return parseJson(text);
}

async function send(path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, init);
  } catch {
    throw new Error('The server does not answer.');
  }
}

/** `400: input "x" …`: the protocol has errors as {"error": string}; what stands before a server may not. */
function problemOf({ status, statusText }: Response, text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return `${status}: ${error}`;
  } catch {
    // Not JSON.
  }
  return `${status}: ${text.slice(0, 300) || statusText}`;
}
