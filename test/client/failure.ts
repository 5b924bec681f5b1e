import { InferenceError } from '../../lib/client/runtime/inference-error';

/** Expects a call to fail. Returns the error, and how long the call took. */
export async function failure(call: Promise<unknown>): Promise<InferenceError & { milliseconds: number }> {
  const start = performance.now();
  const error = await call.then(
    (value) => Promise.reject(new Error(`it answered ${JSON.stringify(value)}`)),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InferenceError);
  return Object.assign(error as InferenceError, { milliseconds: performance.now() - start });
}
