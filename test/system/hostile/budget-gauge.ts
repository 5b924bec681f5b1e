import type { Target } from './attack';

/** Matches the gauge of the memory that the server holds for requests. */
const GAUGE = /^inference_request_memory_bytes(?:\{[^}]*\})? (\d+)/m;

/** Bytes that requests hold; undefined if the metrics cannot be read or do not contain the gauge. */
export async function memoryInUse({ host, metricsPort }: Target): Promise<number | undefined> {
  if (metricsPort === undefined) return undefined;
  const url = `http://${host}:${metricsPort}/metrics`;
  const text = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    (answer) => answer.text(),
    () => '',
  );
  const bytes = GAUGE.exec(text)?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}
