import { ServingError } from '../base/errors';
import type { ThreadClient } from './thread-client';

/** A thread that starts when it is first needed. If it exits, the next use starts a new one. */
export class LazyThread<Thread extends Pick<ThreadClient<never>, 'ended' | 'close'>> {
  private thread?: Thread;
  private isClosing = false;

  constructor(private readonly startThread: () => Thread) {}

  /** Whether the server is shutting down, so that no thread starts any more. */
  get closing(): boolean {
    return this.isClosing;
  }

  /** Returns the thread. Starts it if it is not running. @throws ServingError `unavailable` if the server is shutting down */
  running(): Thread {
    if (this.thread) return this.thread;
    if (this.isClosing) throw new ServingError('unavailable', 'the server is shutting down');
    const thread = this.startThread();
    this.thread = thread;
    void thread.ended.then(() => {
      if (this.thread === thread) this.thread = undefined;
    });
    return thread;
  }

  /** Lets the current thread exit once its work is done. The next use starts a new one. */
  async end(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    await thread?.close();
  }

  /** Starts no further thread, and ends the current one after this work. */
  async closeAfter(work: Promise<unknown>): Promise<void> {
    this.isClosing = true;
    await work;
    await this.end();
  }
}
