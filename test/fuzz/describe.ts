import type { Case } from './cases';

const MAX_LENGTH = 2000;

/** Readable text of a case. */
export function describe(each: Case): string {
  const bytes = each.kind === 'grpc' ? each.body : each.bytes;
  const text = bytes.toString('latin1', 0, MAX_LENGTH);
  const rest = JSON.stringify({ ...each, bytes: undefined, body: undefined });
  return `${rest}\n${JSON.stringify(text)}${bytes.length > MAX_LENGTH ? `… (${bytes.length} bytes)` : ''}`;
}
