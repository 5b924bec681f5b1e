import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';

/** So many of a log's last lines go into an error. */
const KEPT = 5;

/** The last lines of what a process writes. */
export class LastLines {
  readonly lines: string[] = [];

  /** @param onLine - told of each line */
  constructor(streams: readonly Readable[], onLine: (line: string) => void = () => {}) {
    for (const input of streams) {
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > KEPT) this.lines.shift();
        onLine(line);
      });
    }
  }
}
