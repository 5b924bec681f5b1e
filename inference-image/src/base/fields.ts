import { cut, quoted } from './cut-text';
import { invalid, ServingError } from './errors';

/** A JSON object whose fields have not been checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a field is absent. null counts as absent, because clients with optional types send it for omitted fields. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function objectField(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`${path} is ${describe(value)}; it must be an object`);
}

export function arrayField(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`${path} is ${describe(value)}; it must be an array`);
}

export function stringField(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw invalid(`${path} is ${describe(value)}; it must be a string`);
}

const NO_PARAMETERS: Fields = {};

/** Checks parameters. Unknown names are allowed, because the protocol leaves parameters to each server. */
export function parametersField(value: unknown, path: string): Fields {
  if (isAbsent(value)) return NO_PARAMETERS;
  const parameters = objectField(value, path);
  for (const [name, parameter] of Object.entries(parameters)) {
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter)) {
      throw invalid(
        `${path}.${cut(name)} is ${describe(parameter)}; a parameter must be a string, a number or a boolean`,
      );
    }
  }
  return parameters;
}

export function booleanParameter(parameters: Fields, name: string, path: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${path}.${name} is ${describe(value)}; it must be true or false`);
}

/** Adds the input's name to an error, if the request is at fault. */
export function inInput(name: string, problem: unknown): unknown {
  if (typeof problem === 'string') return invalid(`input ${quoted(name)}: ${problem}`);
  const isInvalid = problem instanceof ServingError && problem.kind === 'invalid';
  return isInvalid ? inInput(name, problem.message) : problem;
}

/** Maximum length of a value in an error message. */
const DESCRIBED = 60;

/** Text of a value for an error message, cut if it is long. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = beginningOf(value, DESCRIBED);
  return text.length > DESCRIBED ? `${text.slice(0, DESCRIBED)}…` : text;
}

/** JSON text of a value. If the text is longer than `room`, it is cut, but the result is still longer than `room`. */
function beginningOf(value: unknown, room: number): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > room ? value.slice(0, room + 1) : value);
  if (Array.isArray(value)) return beginningOfArray(value, room);
  if (typeof value === 'object' && value !== null) return beginningOfObject(value as Fields, room);
  // JSON.parse returns an infinity for a number beyond its range, and JSON.stringify would write null.
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
}

function beginningOfArray(items: readonly unknown[], room: number): string {
  let text = '[';
  for (let i = 0; i < items.length && text.length <= room; i++) {
    if (i > 0) text += ',';
    text += beginningOf(items[i], room - text.length);
  }
  return `${text}]`;
}

function beginningOfObject(fields: Fields, room: number): string {
  let text = '{';
  for (const key in fields) {
    if (text.length > room) break;
    if (text.length > 1) text += ',';
    text += `${beginningOf(key, room - text.length)}:`;
    if (text.length <= room) text += beginningOf(fields[key], room - text.length);
  }
  return `${text}}`;
}
