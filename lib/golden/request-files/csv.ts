import type { Signature, TensorSignature } from '../../../inference-image/src/contract/signature';

/** What is wrong with a table, and the remedy. */
export class CsvFault extends Error {
  constructor(
    what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}

/**
 * A request in JSON, of a table of comma-separated values: a line for each row. A model of one input gets all columns;
 * of several inputs, each has the column of its name.
 *
 * @throws CsvFault
 */
export function csvRequest(text: string, { inputs }: Signature): string {
  const lines = readCsv(text);
  if (lines.length === 0) throw new CsvFault('it is empty', 'Give a line for each row');
  const columns = columnsOf(lines[0]!, inputs);
  const rows = columns.hasHeader ? lines.slice(1) : lines;
  const tensors = inputs.map((input, i) => tensorText(input, columns.places[i]!, rows, columns.hasHeader ? 2 : 1));
  return `{"inputs":[${tensors.join(',')}]}`;
}

interface Columns {
  readonly hasHeader: boolean;
  /** Of each input. */
  readonly places: readonly (readonly number[])[];
}

function columnsOf(first: readonly string[], inputs: readonly TensorSignature[]): Columns {
  const names = first.map((field) => field.trim());
  if (inputs.every(({ name }) => names.includes(name))) {
    return { hasHeader: true, places: inputs.map(({ name }) => [names.indexOf(name)]) };
  }
  const [input, ...others] = inputs;
  if (others.length > 0) {
    const missing = inputs.find(({ name }) => !names.includes(name))!;
    throw new CsvFault(
      `its first line has no column "${missing.name}"`,
      `Name a column for each input: ${inputs.map(({ name }) => `"${name}"`).join(', ')}`,
    );
  }
  // Texts may be anything, so that they have no header.
  const hasHeader = input!.datatype !== 'BYTES' && names.some((field) => numberText(field) === undefined);
  return { hasHeader, places: [[...first.keys()]] };
}

function tensorText(
  { name, datatype, dimensions }: TensorSignature,
  places: readonly number[],
  rows: readonly (readonly string[])[],
  firstLine: number,
): string {
  if (dimensions.length > 2 || dimensions.length === 0) {
    throw new CsvFault(
      `input "${name}" has ${dimensions.length} dimensions, and a table has 2`,
      'Give its values in a .npy, .npz or .json file',
    );
  }
  const elements = rows.flatMap((fields, row) =>
    places.map((place) => {
      const line = firstLine + row;
      const field = fields[place];
      if (field === undefined || (places.length > 1 && fields.length !== places.length)) {
        throw new CsvFault(
          `line ${line} has ${fields.length} values, and others have ${places.length}`,
          'Give each line as many',
        );
      }
      const element = datatype === 'BYTES' ? JSON.stringify(field) : numberText(field.trim());
      if (element === undefined) {
        throw new CsvFault(`line ${line} has ${JSON.stringify(field)}, which is no number`, 'Give a number');
      }
      return datatype === 'BOOL' ? String(element !== '0') : element;
    }),
  );
  const shape = dimensions.length === 1 ? [elements.length] : [rows.length, places.length];
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${JSON.stringify(shape)},"data":[${elements.join(',')}]}`;
}

/** As JSON has it; undefined for what is no number. */
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

/** Lines of fields, which may be in quotes: https://www.rfc-editor.org/rfc/rfc4180 */
function readCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) {
      throw new CsvFault(
        `line ${lines.length + 1} has a quotation mark within a value`,
        'Double it, and put the value in quotes',
      );
    }
    const [, quoted, plain = '', end] = found;
    line.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',' && field.lastIndex < text.length) continue;
    if (end === ',') line.push('');
    if (line.length > 1 || line[0] !== '') lines.push(line);
    line = [];
  }
  return lines;
}
