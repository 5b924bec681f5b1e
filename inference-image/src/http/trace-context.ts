/** The client's span of a request, as fields of a log line. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id: string;
}

/** Matches a version, trace, span and flags. Later versions may append fields; version ff is invalid. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * Reads a `traceparent`; undefined if it is absent or invalid.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceFields(traceparent: unknown): TraceFields | undefined {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  if (!match) return undefined;
  const [, version, traceId, spanId, more] = match as unknown as [string, string, string, string, string?];
  return version === '00' && more !== undefined ? undefined : { trace_id: traceId, span_id: spanId };
}
