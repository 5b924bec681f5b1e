import { cutText, invalid } from '../errors';

/** A JSON object whose fields have not been checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** null counts as absent: clients written with optional types send it for fields that they leave out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function objectField(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`${what} is ${describe(value)}; it must be an object`);
}

export function arrayField(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`${what} is ${describe(value)}; it must be an array`);
}

export function stringField(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw invalid(`${what} is ${describe(value)}; it must be a string`);
}

const NO_PARAMETERS: Fields = {};

/** Names that are not known here are let through: the protocol leaves them to each server. */
export function parametersField(value: unknown, what: string): Fields {
  if (isAbsent(value)) return NO_PARAMETERS;
  const parameters = objectField(value, what);
  for (const [name, parameter] of Object.entries(parameters)) {
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter)) {
      throw invalid(`${what}.${name} is ${describe(parameter)}; a parameter must be a string, a number or a boolean`);
    }
  }
  return parameters;
}

export function booleanParameter(parameters: Fields, name: string, what: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${what}.${name} is ${describe(value)}; it must be true or false`);
}

/** Names in errors are cut to so many characters. */
const QUOTED_CHARACTERS = 100;

/** A name that a client sent, as JSON, cut to a length that is fit for an error message. */
export function quoted(name: string): string {
  return JSON.stringify(cutText(name, QUOTED_CHARACTERS));
}

/** A value as the client wrote it, cut to a length that is fit for an error message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'bigint') return String(value);
  try {
    const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  } catch {
    return 'nested too deeply';
  }
}
