import { join, parse, resolve } from 'node:path';
import { readCache, writeCache } from './cache';
import { ModelServingError, type Problem } from './errors';
import { isThere, type SourceText } from './source-file';

/**
 * Kind of file that can be committed beside a model, such as `digits.profile.json` beside `digits.onnx`. `contract` is
 * the old name of `interface`.
 */
export type CommittedKind = 'golden' | 'profile' | 'interface' | 'contract';

export function pathBeside(modelPath: string, kind: CommittedKind): string {
  const { dir, name } = parse(modelPath);
  return join(dir, `${name}.${kind}.json`);
}

/** Path of a committed file beside a model; undefined if the file does not exist. */
export function fileBeside(modelPath: string, kind: CommittedKind): string | undefined {
  const path = pathBeside(modelPath, kind);
  return isThere(path) ? path : undefined;
}

/** Whether a path is the default path of this kind of file beside the model. */
export function isBeside(path: string, modelPath: string, kind: CommittedKind): boolean {
  return resolve(path) === resolve(pathBeside(modelPath, kind));
}

/**
 * Maximum number of issues to report; the others are only counted. In a file of the wrong kind, nearly every field is
 * invalid.
 */
const MAX_ISSUES = 3;

/** Form of one kind of JSON file, and the errors for files that do not have this form. */
export interface JsonForm {
  /** Name of the schema, which is part of the cache key. Change the name when the schema becomes stricter. */
  readonly name: string;
  /** Converts the content of a file from an earlier version to the current form. */
  readonly upgrade?: (content: unknown) => unknown;
  /** Loads the schema on demand: loading zod takes longer than a synth of a cached model. */
  readonly loadSchema: () => JsonSchema;
  readonly notJson: (reason: string) => Problem;
  /** @param where - path of the invalid value, such as `runs.0.threads` */
  readonly invalid: (where: string, reason: string) => Problem;
}

interface JsonSchema {
  safeParse(value: unknown): {
    readonly error?: {
      readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
    };
  };
}

/**
 * Parses a JSON file and validates it. A successful validation is cached by the file's content.
 *
 * @throws ModelServingError with the errors of the form
 */
export function parseCommittedFile<T>({ file, content: text }: SourceText, form: JsonForm): T {
  const { upgrade = (content) => content } = form;
  const content = upgrade(parseJson(text, form.notJson));
  const key = `${form.name} ${file.sha256}`;
  if (!readCache<true>(key)) {
    const issues = form.loadSchema().safeParse(content).error?.issues ?? [];
    const hidden = issues.length - MAX_ISSUES;
    ModelServingError.throwIfAny(
      issues.slice(0, MAX_ISSUES).map(({ path, message }, i) => {
        const isLast = i === MAX_ISSUES - 1;
        return form.invalid(
          path.join('.') || 'the file',
          isLast && hidden > 0 ? `${message}, and ${hidden} more` : message,
        );
      }),
    );
    writeCache(key, true);
  }
  return content as T;
}

/** @throws ModelServingError with the problem that `notJson` returns */
export function parseJson(text: string, notJson: (reason: string) => Problem): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([notJson((error as SyntaxError).message)]);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
