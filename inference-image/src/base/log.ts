import { pino, type Logger } from 'pino';
import { printable } from '../contract/printable';
import type { Settings } from '../contract/settings';

export type Log = Logger;

/**
 * Creates a log of JSON lines on standard output. Writes are synchronous, so that a fatal line is not lost when the
 * process exits. JSON permits characters in strings that control a terminal, which names may contain.
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
    { write: (line: string) => output.write(printable(line)) },
  );
}
