import { counted } from '../../base/text';
import type { Datatype, Signature, TensorSignature } from '../../../inference-image/src/contract/signature';

/** A fault in a table, with the remedy. */
export class CsvFault extends Error {
  constructor(
    fault: string,
    readonly remedy: string,
  ) {
    super(fault);
  }
}

/**
 * Converts comma-separated values, one line per row, to a request in JSON. A single input gets all columns. If there
 * are several inputs, each gets the column with its name.
 *
 * @throws CsvFault
 */
export function csvRequest(text: string, { inputs }: Signature): string {
  const lines = readCsv(text);
  const [first] = lines;
  if (!first) throw new CsvFault('it is empty', 'Write one line per row');
  const uneven = lines.find(({ fields }) => fields.length !== first.fields.length);
  if (uneven) {
    throw new CsvFault(
      `line ${uneven.number} has ${counted(uneven.fields.length, 'value')}, but line ${first.number} has ${first.fields.length}`,
      'Write the same number of values on every line',
    );
  }
  const { hasHeader, places } = columnsOf(first, inputs);
  const rows = hasHeader ? lines.slice(1) : lines;
  return `{"inputs":[${inputs.map((input, i) => tensorText(input, places[i]!, rows)).join(',')}]}`;
}

/** A row or the header. */
interface Line {
  /** Line number in the file, starting at 1. If a quoted value spans several lines, this is the number of the first. */
  readonly number: number;
  readonly fields: readonly string[];
}

interface Columns {
  readonly hasHeader: boolean;
  /** Indices of each input's columns. */
  readonly places: readonly (readonly number[])[];
}

function columnsOf(first: Line, inputs: readonly TensorSignature[]): Columns {
  const names = first.fields.map((field) => field.trim());
  const [input, ...others] = inputs;
  if (others.length === 0) {
    // Any string can be a value, so only the input's own name marks a header.
    const hasHeader = input!.datatype === 'BYTES' ? names.includes(input!.name) : isHeader(first);
    return { hasHeader, places: [[...names.keys()]] };
  }
  const missing = inputs.find(({ name }) => !names.includes(name));
  if (missing) {
    throw new CsvFault(
      `its first line has no column "${missing.name}"`,
      remedyOf(
        first.fields,
        `Add a header with a column per input: ${inputs.map(({ name }) => `"${name}"`).join(', ')}`,
      ),
    );
  }
  return { hasHeader: true, places: inputs.map(({ name }) => [names.indexOf(name)]) };
}

/**
 * Whether the first line of a table of numbers is a header. Refuses a line that mixes names and values, because its
 * values would be lost if the line were treated as a header.
 */
function isHeader({ number, fields }: Line): boolean {
  const name = fields.find(isName);
  const other = fields.find((field) => !isName(field));
  if (name !== undefined && other !== undefined) {
    throw new CsvFault(
      `line ${number} mixes the name ${JSON.stringify(name)} with the value ${JSON.stringify(other)}`,
      'Write only numbers, or a name for each column',
    );
  }
  return name !== undefined;
}

/**
 * Whether a field can be a column's name: it contains a letter, and is neither a number (in any locale) nor a marker
 * of a missing value.
 */
function isName(field: string): boolean {
  const bare = bareText(field);
  return /\p{L}/u.test(bare) && numberText(bare) === undefined && !/^(?:NA|null|NULL|None)$/.test(bare);
}

/** Removes everything but letters and digits. */
function bareText(field: string): string {
  return field.replace(/[^\p{L}\p{N}]/gu, '');
}

function tensorText(
  { name, datatype, dimensions }: TensorSignature,
  places: readonly number[],
  rows: readonly Line[],
): string {
  if (dimensions.length > 2 || dimensions.length === 0) {
    throw new CsvFault(
      `input "${name}" has ${dimensions.length} dimensions, but a table has 2`,
      'Use a .npy, .npz or .json file',
    );
  }
  const elements = rows.flatMap(({ number, fields }) =>
    places.map((place) => elementText(fields[place]!, datatype, number)),
  );
  const shape = dimensions.length === 1 ? [elements.length] : [rows.length, places.length];
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${JSON.stringify(shape)},"data":[${elements.join(',')}]}`;
}

function elementText(field: string, datatype: Datatype, line: number): string {
  if (datatype === 'BYTES') return JSON.stringify(field);
  const element = numberText(field.trim());
  const found = `line ${line} has ${JSON.stringify(field)}`;
  if (element === undefined) {
    throw new CsvFault(`${found}, which is not a number`, remedyOf([field], 'Write a number'));
  }
  if (datatype !== 'BOOL') {
    // JSON cannot represent infinity.
    if (Number(element) === Infinity || Number(element) === -Infinity) {
      throw new CsvFault(
        `${found}, which is outside the range of a 64-bit float`,
        'Write a number that the input can hold',
      );
    }
    return element;
  }
  const value = Number(element);
  if (value !== 0 && value !== 1) throw new CsvFault(`${found}, which is not a boolean`, 'Write true, false, 1 or 0');
  return String(value === 1);
}

/** Remedy for fields that are not numbers. */
function remedyOf(fields: readonly string[], otherwise: string): string {
  if (fields.some((field) => /[;\t]/.test(field))) return 'Separate values with commas';
  const isSeparated = fields.some((field) => /\d[,_'’\s]\d/.test(field) && numberText(bareText(field)) !== undefined);
  return isSeparated ? 'Write numbers as 1234.5, with a decimal point and without separators' : otherwise;
}

/** A number as JSON text; undefined for other fields. */
function numberText(field: string): string | undefined {
  const word = /^([-+]?)(?:(nan)|(inf(?:inity)?))$/i.exec(field);
  if (word) return JSON.stringify(word[2] ? 'NaN' : word[1] === '-' ? '-Infinity' : 'Infinity');
  if (/^(?:true|false)$/i.test(field)) return field.toLowerCase() === 'true' ? '1' : '0';
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^([-+]?)(\d*)(\.\d*)?(e[-+]?\d+)?$/i.exec(field) ?? [];
  if (whole === '' && fraction.length < 2) return undefined;
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === '-' ? '-' : ''}${digits}${fraction.length > 1 ? fraction : ''}${exponent}`;
}

/** Reads lines of plain and quoted fields (https://www.rfc-editor.org/rfc/rfc4180). Skips empty lines. */
function readCsv(text: string): Line[] {
  const lines: Line[] = [];
  let number = 1;
  let [start, fields]: [number, string[]] = [number, []];
  const field = /(?:"([^"]*(?:""[^"]*)*)"|([^,"\r\n]*))(,|\r\n?|\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) {
      throw new CsvFault(
        `line ${number} has a quotation mark within a value`,
        'Double the quotation mark and put the value in quotes',
      );
    }
    const [all, quoted, plain = '', end] = found;
    number += all.match(/\r\n?|\n/g)?.length ?? 0;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',' && field.lastIndex < text.length) continue;
    if (end === ',') fields.push('');
    if (fields.length > 1 || quoted !== undefined || plain !== '') lines.push({ number: start, fields });
    [start, fields] = [number, []];
  }
  return lines;
}
