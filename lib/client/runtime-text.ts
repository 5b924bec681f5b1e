import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root';

/** In the order in which they read best. */
export const RUNTIME_FILES = [
  'tensors.ts',
  'options.ts',
  'inference-error.ts',
  'caller.ts',
  'check-inputs.ts',
  'infer-request.ts',
  'infer-answer.ts',
  'binary-data.ts',
  'json-data.ts',
  'http-exchange.ts',
  'retries.ts',
  'call-time.ts',
] as const;

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
]);

/** What every client is made of besides its types: the sources in runtime/ as one, without what ties them together. */
export function runtimeText(): string {
  return RUNTIME_FILES.map((file) => {
    const source = readFileSync(join(packageRoot, 'lib/client/runtime', file), 'utf8');
    return source
      .replace(/^import [^;]*;\n/gm, '')
      .replace(/^export (.*)$/gm, withinFile)
      .trim();
  }).join('\n\n');
}

function withinFile(line: string, declaration: string): string {
  const name = /^(?:async |declare )?(?:class|const|function|interface|type) (\w+)/.exec(declaration)?.[1];
  return name !== undefined && EXPORTED.has(name) ? line : declaration;
}
