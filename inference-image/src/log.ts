import { pino, type Logger } from 'pino';
import type { Settings } from './contract/settings';

export type Log = Logger;

/** JSON lines on standard output, written at once so that a fatal line is never lost to the exit that follows it. */
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
