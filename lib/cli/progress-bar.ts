import type { WriteStream } from 'node:tty';
import type { Step } from '../measuring/profile-model';
import { durationText } from '../base/text';

const WIDTH = 30;

/** Shows progress: as a bar on a terminal, and elsewhere (for example in a log) as one line for each new step. */
export class ProgressBar {
  private what?: string;

  constructor(private readonly output: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>) {}

  show({ what, detail, done, left }: Step): void {
    const timeLeft = `about ${durationText(Math.ceil(left))} left`;
    if (this.output.isTTY) {
      const part = done / (done + left);
      const bar = '█'.repeat(Math.round(WIDTH * part)).padEnd(WIDTH, '░');
      const now = detail === undefined ? what : `${what}, ${detail}`;
      const line = `${bar} ${Math.floor(100 * part)} %  ${now}, ${timeLeft}`;
      this.output.write(`\r\x1b[K${line.slice(0, (this.output.columns || 80) - 1)}`);
    } else if (what !== this.what) {
      this.output.write(`${what}, ${timeLeft}\n`);
    }
    this.what = what;
  }

  /** Removes the bar from the terminal. */
  clear(): void {
    if (this.output.isTTY) this.output.write('\r\x1b[K');
  }
}
