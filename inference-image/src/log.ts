import { pino, type Logger } from 'pino';
import type { Settings } from './contract/settings';

export type Log = Logger;

/**
 * Characters that JSON permits in strings, but that control a terminal or change the text direction. Names from a model
 * or a request may contain them.
 */
const UNPRINTABLE = /[\x7f-\x9f\p{Bidi_Control}]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Creates a log of JSON lines on standard output. Writes are synchronous, so that a fatal line is not lost when the
 * process exits.
 */
export function createLog(level: Settings['logLevel'] | 'fatal'): Log {
  const output = pino.destination({ fd: 1, sync: true });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => output.write(line.replace(UNPRINTABLE, escaped)) },
  );
}
