import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root';

/** In the order in which they read best, and in which classes stand after those that they extend. */
export const RUNTIME_FILES = [
  'tensors.ts',
  'options.ts',
  'inference-error.ts',
  'caller.ts',
  'picture-caller.ts',
  'picture.ts',
  'classify.ts',
  'check-inputs.ts',
  'infer-request.ts',
  'infer-answer.ts',
  'binary-data.ts',
  'json-data.ts',
  'http-exchange.ts',
  'retries.ts',
  'call-time.ts',
] as const;

type RuntimeFile = (typeof RUNTIME_FILES)[number];

const PICTURE_FILES: readonly RuntimeFile[] = ['picture-caller.ts', 'picture.ts'];
const CLASS_FILES: readonly RuntimeFile[] = ['classify.ts'];

/** What who uses a client may name; the rest is the client's own. */
const EXPORTED = new Set([
  'InputTensor',
  'OutputTensor',
  'SentElements',
  'AnsweredElements',
  'Datatype',
  'ClientOptions',
  'CallOptions',
  'Fetch',
  'InferenceError',
  'InferenceErrorCode',
  'InferenceErrorDetails',
  'ModelMetadata',
  'TensorMetadata',
  'Picture',
]);

/**
 * What clients are made of besides their types: the sources in runtime/ as one, without what ties them together, and
 * without those that a model has no use for.
 */
export function runtimeText(has: { readonly pictures: boolean; readonly classes: boolean }): string {
  const unused = [...(has.pictures ? [] : PICTURE_FILES), ...(has.classes ? [] : CLASS_FILES)];
  return RUNTIME_FILES.filter((file) => !unused.includes(file))
    .map((file) => {
      const source = readFileSync(join(packageRoot, 'lib/client/runtime', file), 'utf8');
      return source
        .replace(/^import [^;]*;\n/gm, '')
        .replace(/^export (.*)$/gm, withinFile)
        .trim();
    })
    .join('\n\n');
}

function withinFile(line: string, declaration: string): string {
  const name = /^(?:async |declare )?(?:class|const|function|interface|type) (\w+)/.exec(declaration)?.[1];
  return name !== undefined && EXPORTED.has(name) ? line : declaration;
}
