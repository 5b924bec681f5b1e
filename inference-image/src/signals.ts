const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Termination signals, kept until a handler is registered. Without a listener a signal ends the process at once, or is
 * lost if the process has PID 1.
 */
export class Signals {
  private readonly early: NodeJS.Signals[] = [];
  private handler = (signal: NodeJS.Signals): void => void this.early.push(signal);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.handler(signal));
  }

  /** Passes earlier and later signals to a handler. */
  handle(handler: (signal: NodeJS.Signals) => void): void {
    this.handler = handler;
    for (const signal of this.early.splice(0)) handler(signal);
  }
}
