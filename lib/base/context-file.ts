import { createHash } from 'node:crypto';
import { fileSha256 } from './file-hash';

/** A file of a build context: its path, hash and source. */
export interface ContextFile {
  /** Path relative to the context, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  /** A file on this machine, or the content itself. */
  readonly source: { readonly file: string } | { readonly content: string };
}

/** A context file whose bytes are in a file on this machine. */
export function fromFile(path: string, file: string): ContextFile {
  return { path, sha256: fileSha256(file).sha256, source: { file } };
}

/** A context file whose content is created at synth. */
export function fromContent(path: string, content: string): ContextFile {
  return { path, sha256: createHash('sha256').update(content).digest('hex'), source: { content } };
}
