import type { WriteStream } from 'node:tty';
import type { Step } from '../profile/progress';
import { durationText } from '../profile/units';

const WIDTH = 30;

/** Shows how far something is on a terminal; elsewhere, such as in a log, a line for each new thing that is begun. */
export class ProgressBar {
  private readonly start = performance.now();
  private what?: string;

  constructor(private readonly output: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>) {}

  show({ what, detail, done, left }: Step): void {
    if (this.output.isTTY) {
      const part = done / (done + left);
      const bar = '█'.repeat(Math.round(WIDTH * part)).padEnd(WIDTH, '░');
      const now = detail === undefined ? what : `${what}, ${detail}`;
      const line = `${bar} ${Math.floor(100 * part)} %  ${now}${this.timeLeft(done, left)}`;
      this.output.write(`\r\x1b[K${line.slice(0, (this.output.columns || 80) - 1)}`);
    } else if (what !== this.what) {
      this.output.write(`${what}\n`);
    }
    this.what = what;
  }

  /** Leaves the terminal as it was. */
  clear(): void {
    if (this.output.isTTY) this.output.write('\r\x1b[K');
  }

  private timeLeft(done: number, left: number): string {
    if (done === 0) return '';
    const seconds = ((performance.now() - this.start) / 1000) * (left / done);
    return `, about ${durationText(Math.ceil(seconds))} left`;
  }
}
