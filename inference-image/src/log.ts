import { pino, type Logger } from 'pino';
import type { Settings } from './contract/settings';

export type Log = Logger;

/**
 * Creates a log of JSON lines on standard output. Writes are synchronous, so that a fatal line is not lost when the
 * process exits.
 */
export function createLog(level: Settings['logLevel'] | 'fatal'): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 1, sync: true }),
  );
}
