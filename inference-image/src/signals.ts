const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * The signals that ask for an end, kept until somebody can act on them: a signal that nobody listens to ends the process
 * at once, or is lost where it is process 1.
 */
export class Signals {
  private readonly early: NodeJS.Signals[] = [];
  private handler = (signal: NodeJS.Signals): void => void this.early.push(signal);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.handler(signal));
  }

  /** Hands over what came, and from now on what comes. */
  handle(handler: (signal: NodeJS.Signals) => void): void {
    this.handler = handler;
    for (const signal of this.early.splice(0)) handler(signal);
  }
}
