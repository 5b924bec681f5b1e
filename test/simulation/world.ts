import { Choices } from '../support/random-graphs/choices';
import { Client } from './client';
import { EventLoop } from './event-loop';
import { Server } from './server';
import { settingsOf, type Settings } from './settings';
import type { Thread } from './thread';
import { Witness } from './witness';

/** Maximum number of events of a schedule; most have several hundred. */
const MAX_HAPPENINGS = 20_000;

/** Simulates one schedule: a server, its threads and its clients, from the start of the process to its exit. */
export class World {
  readonly choices: Choices;
  readonly settings: Settings;
  readonly loop: EventLoop;
  readonly threads: Thread[] = [];
  readonly witness: Witness;
  server!: Server;
  /** Time of the first signal, in milliseconds. */
  signalledAt?: number;
  /** Whether the model had failed permanently before the signal. */
  hadFailed = false;
  /** Whether a second signal was sent. */
  isHurried = false;
  /** First violation. */
  violation?: string;
  private hasExited = false;

  /** @param say Called with each line of the trace */
  constructor(
    seed: number,
    private readonly say?: (line: string) => void,
  ) {
    this.choices = new Choices(seed);
    this.settings = settingsOf(this.choices);
    this.loop = new EventLoop(this.choices);
    this.witness = new Witness(this);
  }

  /** @returns Number of events */
  async run(): Promise<number> {
    try {
      return await this.runLoop();
    } catch (error) {
      this.violate(`the process crashes: ${(error as Error).stack}`);
      return 0;
    }
  }

  private async runLoop(): Promise<number> {
    const { loop, settings, choices, witness } = this;
    this.trace(() => JSON.stringify(settings));
    this.server = new Server(this);
    loop.onQuiet = () => witness.onQuiet();
    for (let id = 0; id < settings.clients; id++) {
      const client = new Client(this, id);
      loop.at(settings.arrivalMs * choices.next() + choices.pick([0, 3, 5, 5]) * settings.threads.loadMs, () =>
        client.send(),
      );
    }
    loop.at(settings.signalMs, () => this.signal());
    if (settings.secondSignalMs !== undefined) loop.at(settings.secondSignalMs, () => this.signal());
    if (settings.stopsSharingMs !== undefined) {
      loop.at(settings.stopsSharingMs, () => this.server.scheduler.stopSharing('a trial'));
    }
    const count = await loop.run(MAX_HAPPENINGS);
    if (!this.hasExited) this.violate(`the process does not exit after ${count} events`);
    return count;
  }

  /** Replaces process.exit. */
  exit(code: number): void {
    this.trace(`the process exits with ${code}`);
    this.hasExited = true;
    this.loop.stop();
    this.witness.onExit(code);
  }

  /** Records a violation and ends the schedule. Throws no error, because the code under test would catch it. */
  violate(what: string): void {
    this.trace(`VIOLATION: ${what}`);
    this.violation ??= what;
    this.loop.stop();
  }

  trace(line: string | (() => string)): void {
    this.say?.(`${this.loop.now.toFixed(3).padStart(10)}  ${typeof line === 'string' ? line : line()}`);
  }

  private signal(): void {
    const { signal } = this.settings;
    this.trace(signal);
    if (this.signalledAt === undefined) {
      this.signalledAt = this.loop.now;
      this.hadFailed = this.server.failure !== undefined;
    } else this.isHurried = true;
    this.server.signal(signal);
  }
}
