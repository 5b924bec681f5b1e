import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModelFile } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from './errors';
import { type FileHash, fileSha256 } from './file-hash';

/** Content of a text file in the same form on all systems: UTF-8 without a byte order mark, lines that end in LF. */
export type PlainText = { readonly text: string } | { readonly encoding: 'UTF-16' | 'UTF-32' | 'not UTF-8' };

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Decodes and normalizes the text of a file, from any editor or system. Text that is already normalized is returned
 * unchanged.
 *
 * @returns the encoding, if it is not UTF-8
 */
export function plainText(bytes: Buffer): PlainText {
  const encoding = otherEncoding(bytes);
  if (encoding) return { encoding };
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n');
  return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text };
}

/** Detects encodings other than UTF-8 by their byte order mark, or by the zero bytes between ASCII characters. */
function otherEncoding(bytes: Buffer): Exclude<PlainText, { text: string }>['encoding'] | undefined {
  const start = bytes.toString('latin1', 0, 4);
  if (/^(?:\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0])/.test(start)) return 'UTF-32';
  if (/^(?:\xff\xfe|\xfe\xff|[^\0]\0|\0[^\0])/.test(start)) return 'UTF-16';
  return isUtf8(bytes) ? undefined : 'not UTF-8';
}

/** A file of a model: its entry in the image, and its location on this machine. */
export interface SourceFile extends ModelFile {
  /** Absolute path on this machine. */
  readonly sourcePath: string;
  /**
   * Normalized content of a text file, set only if it differs from the file on this machine. The image contains this
   * text.
   */
  readonly text?: string;
}

/**
 * Finds and hashes a file.
 *
 * @param imagePath - path in the image, relative to the model folder, with forward slashes
 * @param path - path on this machine, relative to the working directory
 * @throws ModelServingError `file-not-found`, `not-a-file`, `file-empty`, `git-lfs-pointer`, `file-unreadable`
 */
export function sourceFile(imagePath: string, path: string): SourceFile {
  return readingFile(path, () => {
    checkFile(path);
    return { path: imagePath, sourcePath: resolve(path), ...fileSha256(path) };
  });
}

/** A text file of a model, and its normalized content. */
export interface SourceText {
  readonly file: SourceFile;
  readonly content: string;
}

/**
 * Finds and hashes a text file. Its hash ignores byte order marks and Windows line breaks, so it does not depend on the
 * system that wrote the file. The file is read once.
 *
 * @throws ModelServingError the errors of `sourceFile`, and `file-not-utf8`
 */
export function sourceText(imagePath: string, path: string): SourceText {
  return readingFile(path, () => {
    checkFile(path);
    const bytes = readFileSync(path);
    const content = decodedText(path, bytes);
    const isPlain = Buffer.from(content).equals(bytes);
    const file = { path: imagePath, sourcePath: resolve(path), ...textHash(content) };
    return { file: isPlain ? file : { ...file, text: content }, content };
  });
}

function checkFile(path: string): void {
  const stats = statSync(path);
  if (!stats.isFile()) throw new ModelServingError([fileErrors.notAFile(path)]);
  if (stats.size === 0) throw new ModelServingError([fileErrors.fileEmpty(path)]);
  if (isGitLfsPointer(path, stats.size)) throw new ModelServingError([fileErrors.gitLfsPointer(path)]);
}

/**
 * Reads a text file that people edit, and normalizes its content.
 *
 * @param path - path as the user gave it
 * @throws ModelServingError `file-not-found`, `not-a-file`, `file-unreadable`, `file-not-utf8`
 */
export function readText(path: string): string {
  return decodedText(
    path,
    readingFile(path, () => readFileSync(path)),
  );
}

/** Decodes and normalizes a text file that has already been read, as `readText` does. */
export function decodedText(path: string, bytes: Buffer): string {
  const plain = plainText(bytes);
  if ('encoding' in plain) throw new ModelServingError([fileErrors.fileNotUtf8(path, plain.encoding)]);
  return plain.text;
}

/** Whether files are unchanged since they were hashed. */
export function areUnchanged(files: readonly SourceFile[]): boolean {
  return files.every(({ sourcePath, sha256, text }) =>
    text === undefined ? fileSha256(sourcePath).sha256 === sha256 : readText(sourcePath) === text,
  );
}

function textHash(text: string): FileHash {
  return { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) };
}

/**
 * Whether a path exists. Throws if permissions or a loop of links prevent the check.
 *
 * @throws ModelServingError `file-unreadable`, `file-link-circle`
 */
export function isThere(path: string): boolean {
  return readingFile(path, () => {
    try {
      statSync(path);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  });
}

/** Converts errors of the file system to ModelServingErrors. */
export function readingFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (!code || !(syscall || isMissing(error))) throw error;
    throw new ModelServingError([problemOf(path, error, code)]);
  }
}

function problemOf(path: string, error: unknown, code: string): Problem {
  if (isMissing(error)) return fileErrors.fileNotFound(path);
  if (code === 'EISDIR') return fileErrors.notAFile(path);
  return code === 'ELOOP' ? fileErrors.fileLinkCircle(path) : fileErrors.fileUnreadable(path, code);
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // Node throws ERR_INVALID_ARG_VALUE for a path with a NUL.
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE';
}

/**
 * Whether a file is a Git LFS pointer. A pointer is shorter than 1024 bytes and starts with this text:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer
 */
function isGitLfsPointer(path: string, sizeBytes: number): boolean {
  return sizeBytes < 1024 && readFileSync(path, 'latin1').startsWith('version https://git-lfs');
}

/** Problems with a file; `path` is the path as the user gave it. */
export const fileErrors = {
  fileNotFound: (path: string): Problem => ({
    code: 'file-not-found',
    message: `${path}: no such file. Relative paths are resolved against the working directory, ${process.cwd()}.`,
  }),

  notAFile: (path: string): Problem => ({
    code: 'not-a-file',
    message: `${path}: this is a folder or a device, not a regular file. Pass the path of a file.`,
  }),

  fileUnreadable: (path: string, reason: string): Problem => ({
    code: 'file-unreadable',
    message: `${path}: cannot read the file: ${reason}. Check its permissions.`,
  }),

  fileLinkCircle: (path: string): Problem => ({
    code: 'file-link-circle',
    message: `${path}: cannot read the file: its symbolic links form a loop. Point the link at the file itself.`,
  }),

  fileEmpty: (path: string): Problem => ({
    code: 'file-empty',
    message: `${path}: the file is empty. Export or download it again.`,
  }),

  fileNotUtf8: (path: string, encoding: string): Problem => ({
    code: 'file-not-utf8',
    message: `${path}: the file is ${encoding}. Save it as UTF-8.`,
  }),

  fileChanged: (path: string): Problem => ({
    code: 'file-changed',
    message: `${path}: the file changed while it was being read. Synthesize again once the file is complete.`,
  }),

  gitLfsPointer: (path: string): Problem => ({
    code: 'git-lfs-pointer',
    message: `${path}: this is a Git LFS pointer, not the file itself. Run "git lfs pull".`,
  }),
};
