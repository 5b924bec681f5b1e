const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Keeps termination signals until a handler is registered. Without a listener, a signal would terminate the process
 * immediately, or be lost if the process runs as PID 1.
 */
export class Signals {
  private readonly early: NodeJS.Signals[] = [];
  private handler = (signal: NodeJS.Signals): void => void this.early.push(signal);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.handler(signal));
  }

  /** Passes all signals, including those received earlier, to a handler. */
  handle(handler: (signal: NodeJS.Signals) => void): void {
    this.handler = handler;
    for (const signal of this.early.splice(0)) handler(signal);
  }
}
