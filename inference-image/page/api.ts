import { parseJson } from './exact-json';
import type { ExpectedTensor, Tensor, TensorMetadata } from './tensor';

export interface ModelMetadata {
  readonly name: string;
  readonly versions?: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** Model card. */
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
  /** Picture file that is sent instead of a JSON request. */
  readonly picture?: { readonly file: string; readonly type: string; readonly base64: string };
  readonly expected?: readonly ExpectedTensor[];
  /** Reason why the request, the picture or the expected outputs are omitted. */
  readonly omitted?: string;
}

export interface Examples {
  readonly examples: readonly Example[];
  /** Action for pictures; absent if the model does not accept them. */
  readonly pictures?: Action;
}

/** Last segment of a path that runs the model. */
export type Action = 'classify' | 'infer';

export interface Reply {
  /** Raw text of the response. */
  readonly text: string;
  /** Time from sending the request to receiving the complete response. */
  readonly milliseconds: number;
}

export interface Answer extends Reply {
  readonly outputs: readonly Tensor[];
}

export interface Class {
  readonly class: string;
  readonly index?: number;
  /** Score of the class; a string if JSON cannot represent the number. */
  readonly score?: number | string;
}

export interface ClassAnswer extends Reply, Class {
  /** Classes, best first. */
  readonly classes: readonly Class[];
}

/**
 * URL of the page's folder. It is derived from the page's address, because an Ingress may serve the page below any
 * path.
 */
const BASE = location.origin + location.pathname.replace(/\/?$/, '/');

export async function modelState(): Promise<ModelState> {
  const [state] = (await ask('v2/repository/index', { method: 'POST' })) as [ModelState];
  return state;
}

export async function modelMetadata(model: string): Promise<ModelMetadata> {
  return (await ask(modelPath(model))) as ModelMetadata;
}

export async function examples(): Promise<Examples> {
  return (await ask('page/examples.json')) as Examples;
}

export function actionPath(model: string, action: Action): string {
  return `${modelPath(model)}/${action}`;
}

export function actionUrl(model: string, action: Action): string {
  return BASE + actionPath(model, action);
}

/** @throws Error with the server's message if the response is an error. */
export async function infer(model: string, body: BodyInit, type = 'application/json'): Promise<Answer> {
  const reply = await post(actionPath(model, 'infer'), body, type);
  const { outputs } = parseJson(reply.text) as { outputs: Tensor[] };
  return { outputs, ...reply };
}

/** @throws Error with the server's message if the response is an error. */
export async function classify(model: string, body: BodyInit, type: string): Promise<ClassAnswer> {
  const reply = await post(actionPath(model, 'classify'), body, type);
  return { ...(parseJson(reply.text) as Omit<ClassAnswer, keyof Reply>), ...reply };
}

async function post(path: string, body: BodyInit, type: string): Promise<Reply> {
  const start = performance.now();
  const response = await send(path, { method: 'POST', headers: { 'content-type': type }, body });
  const text = await response.text();
  const milliseconds = performance.now() - start;
  if (!response.ok) throw new Error(problemOf(response, text));
  if (response.headers.has('inference-header-content-length')) {
    throw new Error('The answer is binary; this page shows answers in JSON only.');
  }
  return { text, milliseconds };
}

/**
 * URL path of a model. Single quotes are encoded separately, because encodeURIComponent leaves them unchanged, and they
 * would end a quoted word in a shell.
 */
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
    throw new Error('The server does not respond.');
  }
}

/**
 * Message about a failed request: `400: input "x" …`. The protocol's errors are {"error": string}, but a proxy may
 * return a different body.
 */
function problemOf({ status, statusText }: Response, text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return `${status}: ${error}`;
  } catch {
    // The text is not JSON.
  }
  return `${status}: ${text.slice(0, 300) || statusText}`;
}
