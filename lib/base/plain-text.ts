import { isUtf8 } from 'node:buffer';

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
