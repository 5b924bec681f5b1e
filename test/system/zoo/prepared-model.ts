import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tensor of a request or of its correct answer. Contains strings, or bytes from the model's cases.bin. */
export interface CaseTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly bytes: Buffer;
  readonly texts?: string[];
}

export interface Case {
  readonly inputs: CaseTensor[];
  /** Answer of onnxruntime in Python to this request alone. */
  readonly outputs: CaseTensor[];
}

/** Whether rows may share a run, according to trials in Python. */
export interface Truth {
  readonly may: boolean;
  /** Whether the model declares a fixed number of rows that the trials replaced with a free one. */
  readonly freed: boolean;
  readonly why?: string;
}

/** Model with requests and correct answers, as models/prepare.py wrote them. */
export interface PreparedModel {
  readonly name: string;
  readonly group: string;
  readonly path: string;
  readonly source: string;
  readonly kind: string;
  readonly cases: Case[];
  readonly truth: Truth;
}

/** Model that is not served, and the reason why. */
export interface Skipped {
  readonly name: string;
  readonly group: string;
  readonly source: string;
  readonly skipped: string;
}

/** Models of a group, in the order of their names. */
export function modelsIn(folder: string, group: string): (PreparedModel | Skipped)[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readModel(join(folder, name), name, group));
}

function readModel(folder: string, name: string, group: string): PreparedModel | Skipped {
  const { source, kind = '', skipped } = readJson(join(folder, 'spec.json'));
  const described = skipped ? { skipped } : readJson(join(folder, 'cases.json'));
  if (described.skipped) return { name, group, source, skipped: described.skipped };
  const blob = readFileSync(join(folder, 'cases.bin'));
  const cases = described.requests.map((request: Record<'inputs' | 'outputs', any[]>) => ({
    inputs: request.inputs.map((tensor) => caseTensor(tensor, blob)),
    outputs: request.outputs.map((tensor) => caseTensor(tensor, blob)),
  }));
  return { name, group, path: join(folder, 'model.onnx'), source, kind, cases, truth: described.truth };
}

function caseTensor({ offset = 0, bytes = 0, ...tensor }: any, blob: Buffer): CaseTensor {
  // Typed arrays need aligned bytes.
  return { ...tensor, bytes: Buffer.from(blob.subarray(offset, offset + bytes)) };
}

function readJson(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'));
}
