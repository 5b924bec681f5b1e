import type { AnswerArea } from './answer-area';
import { byId } from './dom';

const RUNS = 20;

/** Result of a request. */
export interface Outcome {
  readonly milliseconds: number;
  readonly show: () => void;
}

/** Sends the current request when a button is clicked, once or repeatedly, and shows the result. */
export class Trial {
  /** Number of the latest run; results of earlier runs are dropped. */
  private number = 0;
  private isBusy = false;
  private readonly buttons: readonly HTMLElement[];

  /**
   * @param prefix Prefix of the ids of both buttons
   * @param prepare Returns a function that sends the request as it is at the time of the call, even if it changes later
   */
  constructor(
    prefix: string,
    private readonly area: AnswerArea,
    private readonly prepare: () => () => Promise<Outcome>,
    private readonly onProblem: () => void,
  ) {
    const [once, many] = [byId(`${prefix}run`), byId(`${prefix}run-many`)];
    once.addEventListener('click', () => void this.run());
    many.addEventListener('click', () => void this.run(RUNS));
    this.buttons = [once, many];
  }

  /** Discards results, because the request has changed. */
  reset(): void {
    this.number++;
    this.setBusy(false);
    this.area.clear();
  }

  async run(times = 1): Promise<void> {
    if (this.isBusy) return;
    const number = ++this.number;
    this.setBusy(true);
    this.area.begin();
    try {
      const send = this.prepare();
      const outcomes: Outcome[] = [];
      for (let i = 1; i <= times; i++) {
        if (times > 1) this.area.showStatus(`Run ${i} of ${times} …`);
        outcomes.push(await send());
        if (number !== this.number) return;
      }
      outcomes.at(-1)!.show();
      this.area.showLatency(outcomes.map(({ milliseconds }) => milliseconds));
    } catch (error) {
      if (number !== this.number) return;
      this.area.showProblem((error as Error).message);
      this.onProblem();
    }
    this.setBusy(false);
  }

  /** Marks the buttons as busy. They are not disabled, because disabled buttons would lose the focus. */
  private setBusy(isBusy: boolean): void {
    this.isBusy = isBusy;
    for (const button of this.buttons) button.setAttribute('aria-disabled', String(isBusy));
  }
}
