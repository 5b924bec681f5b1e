import type { ClassOutput, PictureInput } from '../contract/picture-input';
import type { Signature } from '../contract/signature';

/** JSON value for `jsonText`: undefined properties are omitted, and a bigint keeps every digit. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

const WIDTH = 100;

/** Formats a value as indented JSON for people to read, with short objects and arrays of scalars on one line. */
export function jsonText(value: Json, indent = ''): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => jsonText(item, inner));
    return value.some(isContainer) ? brackets('[', items, ']', indent) : `[${items.join(', ')}]`;
  }
  const fields = Object.entries(value).flatMap(([key, field]) =>
    field === undefined ? [] : `${JSON.stringify(key)}: ${jsonText(field, inner)}`,
  );
  return fields.length > 0 ? brackets('{', fields, '}', indent) : '{}';
}

function brackets(open: string, items: readonly string[], close: string, indent: string): string {
  const line = `${open} ${items.join(', ')} ${close}`;
  if (line.length <= WIDTH && !line.includes('\n')) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`;
}

function isContainer(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}

/** Facts about a model that its OpenAPI document contains. */
export interface DescribedModel {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  /** Model card; the document uses its title and description. */
  readonly properties?: Readonly<Record<string, string>>;
  /**
   * Conversion of pictures to the model's input; the field has the same name in model.json. @default - only tensors are
   * accepted
   */
  readonly image?: PictureInput;
  /** Conversion of the model's answer to a class. @default - only tensors are returned */
  readonly classes?: ClassOutput;
}
