import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { GoldenExample } from '../../inference-image/src/contract/golden';
import { CONTRACT_VERSION } from '../../inference-image/src/contract/constants';
import {
  GOLDEN_FILE,
  MANIFEST_FILE,
  MODEL_FILE,
  modelDigest,
  type ModelFile,
  type ModelManifest,
} from '../../inference-image/src/contract/model-manifest';
import type { Datatype, Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import { ELEM, onnxModel, type Elem, type ModelParts } from './onnx-builder';

const DATATYPES: Partial<Record<Elem, Datatype>> = {
  float: 'FP32',
  uint8: 'UINT8',
  int8: 'INT8',
  uint16: 'UINT16',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  string: 'BYTES',
  bool: 'BOOL',
  float16: 'FP16',
  double: 'FP64',
  uint32: 'UINT32',
  uint64: 'UINT64',
};

export interface ModelFolderOptions {
  /** @default 'm' */
  readonly name?: string;
  /** @default '1' */
  readonly version?: string;
  readonly examples?: readonly (Omit<GoldenExample, 'tolerance'> & Partial<GoldenExample>)[];
  /** Contents of the files to which the examples refer, by file name. */
  readonly elements?: Readonly<Record<string, Uint8Array>>;
  /**
   * Verdict in model.json; null to omit it. @default - independent on axis 0 if every input and output begins with a
   * symbol, otherwise fixed
   */
  readonly batching?: BatchingVerdict | null;
  /** Changes model.json before it is written. */
  readonly edit?: (manifest: ModelManifest) => void;
}

/** Creates a model folder as the library would stage it for an image. */
export function modelFolder(parts: ModelParts, options: ModelFolderOptions = {}): string {
  const { name = 'm', version = '1', examples, elements = {}, edit, batching } = options;
  const folder = mkdtempSync(join(tmpdir(), 'model-serving-test-'));
  mkdirSync(folder, { recursive: true });
  const files = [writeFile(folder, MODEL_FILE, onnxModel(parts))];
  if (examples) files.push(writeFile(folder, GOLDEN_FILE, Buffer.from(JSON.stringify({ examples }))));
  for (const [path, content] of Object.entries(elements)) files.push(writeFile(folder, path, content));
  const signature = { inputs: parts.inputs.map(tensorSignature), outputs: parts.outputs.map(tensorSignature) };
  const manifest: ModelManifest = {
    contractVersion: CONTRACT_VERSION,
    name,
    version,
    sha256: modelDigest(files),
    files,
    signature,
    batching: batching === undefined ? declaredVerdict(signature) : (batching ?? undefined),
  };
  edit?.(manifest);
  writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
  return folder;
}

/** Verdict that is correct if the declared dimensions are. */
function declaredVerdict({ inputs, outputs }: Signature): BatchingVerdict {
  const startsWithRows = ({ dimensions: [first] }: TensorSignature) => typeof first === 'string';
  if (![...inputs, ...outputs].every(startsWithRows)) {
    return { verdict: 'fixed', reason: 'an input or output does not begin with a symbol' };
  }
  return { verdict: 'independent', inputAxes: inputs.map(() => 0), outputAxes: outputs.map(() => 0) };
}

function writeFile(folder: string, path: string, content: Uint8Array): ModelFile {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return { path, sha256: createHash('sha256').update(content).digest('hex'), sizeBytes: content.length };
}

/** Signature of a tensor that was created by `value()` of onnx-builder. */
function tensorSignature(graphValue: any): TensorSignature {
  const { elemType, shape } = graphValue.type.tensorType;
  const elem = (Object.keys(ELEM) as Elem[]).find((key) => ELEM[key] === elemType) as Elem;
  const dimensions = shape.dim.map((dim: any) => dim.dimValue ?? dim.dimParam ?? null);
  return { name: graphValue.name, datatype: DATATYPES[elem] as Datatype, dimensions };
}
