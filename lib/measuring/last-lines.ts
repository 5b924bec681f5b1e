import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';

/** Number of log lines that an error quotes. */
const MAX_LINES = 5;

/** Keeps the last lines of a process's output. */
export class LastLines {
  readonly lines: string[] = [];

  /** @param onLine - called for each line */
  constructor(streams: readonly Readable[], onLine: (line: string) => void = () => {}) {
    for (const input of streams) {
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.lines.shift();
        onLine(line);
      });
    }
  }
}
