import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root';

/** Source files in the order in which the client contains them. A class must follow the class that it extends. */
export const RUNTIME_FILES = [
  'tensors.ts',
  'options.ts',
  'inference-error.ts',
  'caller.ts',
  'picture-caller.ts',
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

const PICTURE_FILES: readonly RuntimeFile[] = ['picture-caller.ts'];
const CLASS_FILES: readonly RuntimeFile[] = ['classify.ts'];

/** Names that the generated client exports; the others are internal. */
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
 * Joins the sources in runtime/, which all clients share, into one string. Omits imports, and files for pictures and
 * classes if the client does not need them.
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
