import { elementCount, shapeFits, type TensorSignature, wireShape } from '../contract/signature';
import { quoted, quotedList, shapeText } from '../base/cut-text';
import { invalid } from '../base/errors';
import type { TensorHeader } from './tensor';

/**
 * Checks a request's inputs against the model's signature. onnxruntime would silently ignore unknown inputs, and its
 * messages are not written for clients.
 */
export class InputChecks {
  private readonly positions: ReadonlyMap<string, number>;
  private readonly accepted: string;
  private readonly acceptsTexts: boolean;

  constructor(private readonly signature: readonly TensorSignature[]) {
    this.positions = new Map(signature.map(({ name }, position) => [name, position]));
    this.acceptsTexts = signature.some(({ datatype }) => datatype === 'BYTES');
    this.accepted = `the model takes ${quotedList(signature.map(({ name }) => name))}`;
  }

  /** Checks the headers of all inputs, before memory is allocated for their data. */
  check(headers: readonly TensorHeader[]): void {
    const given = new Array<TensorHeader | undefined>(this.signature.length).fill(undefined);
    for (const header of headers) {
      const position = this.positions.get(header.name);
      if (position === undefined) throw invalid(`unknown input ${quoted(header.name)}; ${this.accepted}`);
      if (given[position]) throw invalid(`input ${quoted(header.name)} is given twice`);
      given[position] = header;
      checkTensor(header, this.signature[position] as TensorSignature);
    }
    const missing = given.indexOf(undefined);
    if (missing >= 0)
      throw invalid(`input ${quoted(this.signature[missing]?.name as string)} is missing; ${this.accepted}`);
    if (given.length > 1) checkSymbols(given as TensorHeader[], this.signature);
    if (this.acceptsTexts) checkTexts(headers);
  }
}

/**
 * Limit on the strings in one request. They are transferred between threads one by one, which blocks the event loop for
 * about 0.2 µs each.
 */
export const MAX_TEXTS = 65_536;

/** Throws if a request has too many strings. */
export function checkTexts(headers: readonly TensorHeader[]): void {
  let count = 0;
  for (const { datatype, shape } of headers) if (datatype === 'BYTES') count += elementCount(shape);
  if (count > MAX_TEXTS)
    throw invalid(`the request has ${count} strings, and the limit is ${MAX_TEXTS}; send fewer at a time`);
}

/** Maximum size of a dimension in the runtime's binding. */
const MAX_SIZE = 2 ** 31 - 1;

function checkTensor({ name, datatype, shape }: TensorHeader, input: TensorSignature): void {
  if (datatype !== input.datatype) {
    throw invalid(`input ${quoted(name)} is ${datatype}; the model takes ${input.datatype}`);
  }
  if (!shapeFits(shape, input)) {
    throw invalid(`input ${quoted(name)} has shape ${shapeText(shape)}; the model takes [${wireShape(input)}]`);
  }
  if (!Number.isSafeInteger(elementCount(shape)) || shape.some((size) => size > MAX_SIZE)) {
    throw invalid(`input ${quoted(name)} has shape ${shapeText(shape)}, which is too large`);
  }
}

/**
 * Checks that dimensions with the same symbol have the same size, which onnxruntime does not check:
 * https://github.com/onnx/onnx/blob/main/docs/IR.md#static-tensor-shapes The proof that rows are independent relies on
 * this check (lib/row-independence/prove.ts). Models with one input are exempt: some exporters give two axes of
 * an input the same name by mistake, and the proof does not need their equality.
 */
function checkSymbols(headers: readonly TensorHeader[], signature: readonly TensorSignature[]): void {
  const seen = new Map<string, { size: number; input: string }>();
  for (const [position, { name, shape }] of headers.entries()) {
    for (const [axis, size] of shape.entries()) {
      const symbol = signature[position]?.dimensions[axis];
      if (typeof symbol !== 'string') continue;
      const first = seen.get(symbol);
      if (!first) seen.set(symbol, { size, input: name });
      else if (first.size !== size) {
        const other = `input ${quoted(first.input)} has size ${first.size}`;
        throw invalid(`input ${quoted(name)} has size ${size} for dimension ${quoted(symbol)}; ${other}`);
      }
    }
  }
}
