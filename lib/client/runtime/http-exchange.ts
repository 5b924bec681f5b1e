import { InferenceError, type InferenceErrorCode } from './inference-error';
import type { Fetch } from './options';
import { parseRetryAfter } from './retries';

export interface HttpAnswer {
  readonly headers: Headers;
  readonly body: ArrayBuffer;
}

/** Sends one request and returns its complete answer; throws if the answer is an error. */
export async function exchange(fetch: Fetch, url: string, init: RequestInit): Promise<HttpAnswer> {
  const { response, body } = await answerTo(fetch, url, init);
  if (!response.ok) throw refusal(response, body);
  return { headers: response.headers, body };
}

async function answerTo(
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<{ readonly response: Response; readonly body: ArrayBuffer }> {
  try {
    const response = await fetch(url, init);
    return { response, body: await response.arrayBuffer() };
  } catch (error) {
    throw new InferenceError('connection', `no answer from ${url}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Reason why a fetch failed. In Node, the error's message is just `fetch failed`, and the reason is in the error's
 * cause, which may have a code but no message.
 */
function reasonOf(error: unknown): string {
  const { message, cause } = Object(error) as { readonly message?: string; readonly cause?: unknown };
  const { message: reason, code } = Object(cause) as { readonly message?: string; readonly code?: string };
  return reason || code || message || String(error);
}

const CODES: Readonly<Record<number, InferenceErrorCode>> = { 429: 'overloaded', 503: 'unavailable', 504: 'deadline' };

function refusal({ status, headers }: Response, body: ArrayBuffer): InferenceError {
  const serverMessage = messageOf(new TextDecoder().decode(body));
  const code = CODES[status] ?? (status >= 400 && status < 500 ? 'invalid-request' : 'server-error');
  const retryAfter = parseRetryAfter(headers.get('retry-after'), Date.now());
  return new InferenceError(code, `the server answered ${status}: ${serverMessage}`, {
    status,
    serverMessage,
    retryAfter,
  });
}

/**
 * Returns the message of an error in the protocol's form, `{"error": …}`. For any other answer, such as a proxy's,
 * returns the start of the body.
 */
function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // The body is not an error in the protocol's format.
  }
  return text.trim().slice(0, 200);
}
