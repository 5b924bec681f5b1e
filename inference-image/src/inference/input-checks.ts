import { elementCount, shapeFits, type TensorSignature, wireShape } from '../contract/signature';
import { quoted, quotedList, shapeText } from '../cut-text';
import { invalid } from '../errors';
import type { TensorHeader } from './tensor';

/**
 * Whether a model takes what a request brings. onnxruntime cannot be left to tell: it ignores unknown inputs silently,
 * and says the rest in words of its own.
 */
export class InputChecks {
  private readonly positions: ReadonlyMap<string, number>;
  private readonly takes: string;
  private readonly takesTexts: boolean;

  constructor(private readonly signature: readonly TensorSignature[]) {
    this.positions = new Map(signature.map(({ name }, position) => [name, position]));
    this.takesTexts = signature.some(({ datatype }) => datatype === 'BYTES');
    this.takes = `the model takes ${quotedList(signature.map(({ name }) => name))}`;
  }

  /** Checks the headers of all inputs of a request, before anything is allocated for their data. */
  check(headers: readonly TensorHeader[]): void {
    const given = new Array<TensorHeader | undefined>(this.signature.length).fill(undefined);
    for (const header of headers) {
      const position = this.positions.get(header.name);
      if (position === undefined) throw invalid(`unknown input ${quoted(header.name)}; ${this.takes}`);
      if (given[position]) throw invalid(`input ${quoted(header.name)} is given twice`);
      given[position] = header;
      checkTensor(header, this.signature[position] as TensorSignature);
    }
    const missing = given.indexOf(undefined);
    if (missing >= 0)
      throw invalid(`input ${quoted(this.signature[missing]?.name as string)} is missing; ${this.takes}`);
    if (given.length > 1) checkSymbols(given as TensorHeader[], this.signature);
    if (this.takesTexts) checkTexts(headers);
  }
}

/**
 * Texts that one request may have: they cross from thread to thread one by one, which holds the event loop for some
 * 0.2 µs each.
 */
export const MAX_TEXTS = 65_536;

/** Throws where a request has too many texts. */
export function checkTexts(headers: readonly TensorHeader[]): void {
  let count = 0;
  for (const { datatype, shape } of headers) if (datatype === 'BYTES') count += elementCount(shape);
  if (count > MAX_TEXTS)
    throw invalid(`the request has ${count} texts; it may have ${MAX_TEXTS}: send fewer at a time`);
}

/** Of one dimension, whatever the others are: what the runtime's binding takes. */
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
 * Equal symbols mean equal sizes, which onnxruntime does not check: https://github.com/onnx/onnx/blob/main/docs/IR.md#static-tensor-shapes
 * The proof that rows are independent relies on it (lib/model/row-independence/prove.ts). A model of one input is left
 * alone: exporters give axes of one input the same name by mistake, and the proof expects no less.
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
        const other = `input ${quoted(first.input)} has ${first.size}`;
        throw invalid(`input ${quoted(name)} has ${size} for dimension ${quoted(symbol)}; ${other}`);
      }
    }
  }
}
