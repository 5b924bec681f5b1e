import { EventEmitter } from 'node:events';
import type { FromExecutor, ToExecutor } from '../../inference-image/src/inference/executor-messages';
import type { NumericData, Tensor } from '../../inference-image/src/tensor/tensor';
import { MODEL, outputOf, requestsIn } from './model';
import type { World } from './world';

/** Executor thread with random delays, failures and exits. */
export class Thread extends EventEmitter {
  readonly id: number;
  /** Whether the main thread knows that the model is loaded. */
  isReady = false;
  hasEnded = false;
  /** Number of runs that the main thread believes to be in progress. */
  runs = 0;
  private readonly inbox: Message[] = [];
  private current?: Message;
  private isEnding = false;

  constructor(private readonly world: World) {
    super();
    this.id = world.threads.push(this);
  }

  /** Whether a new run would start immediately. */
  get isIdle(): boolean {
    return this.isReady && !this.isEnding && this.runs === 0;
  }

  postMessage(content: ToExecutor): void {
    if (content.type !== 'run') this.inbox.push({ content, requests: [] });
    else {
      const requests = requestsIn(content.inputs[0] as Tensor);
      this.world.witness.begins(requests, `thread ${this.id}`);
      this.runs++;
      this.inbox.push({ content: { ...content, inputs: content.inputs.map(transferred) }, requests });
    }
    if (!this.current) this.next();
  }

  private next(): void {
    const message = this.isEnding ? undefined : this.inbox.shift();
    this.current = message;
    if (!message) return;
    const { choices, settings, loop } = this.world;
    const { loadMs, runMs, failChance, deathChance } = settings.threads;
    if (message.content.type === 'close') return this.end();
    const dies = choices.chance(deathChance);
    const fails = choices.chance(failChance);
    const usualMs = message.content.type === 'run' ? runMs : loadMs;
    const ms = usualMs * (0.1 + 2 * choices.next()) * (choices.chance(0.05) ? 10 : 1);
    loop.after(ms, () => {
      if (dies) return this.end();
      this.reply(message, fails ? { type: 'failed', kind: 'error', message: 'simulated' } : this.answer(message, ms));
      this.next();
    });
  }

  private answer({ content, requests }: Message, ms: number): FromExecutor {
    if (content.type !== 'run') return { type: 'loaded', result: MODEL.signature as never };
    const { inputs, returnInputs } = content;
    const extraRows = this.world.settings.threads.isCoupled && requests.length > 1 ? 1 : 0;
    const outputs = [outputOf(inputs[0] as Tensor, extraRows)];
    return { type: 'done', result: { outputs, runSeconds: ms / 1000, inputs: returnInputs ? inputs : undefined } };
  }

  private reply({ requests }: Message, reply: FromExecutor): void {
    this.world.loop.setImmediate(() => {
      if (requests.length > 0) this.runs--;
      if (reply.type === 'loaded') this.isReady = true;
      if (reply.type === 'failed') this.world.witness.fails(requests);
      this.emit('message', reply);
    });
  }

  private end(): void {
    this.isEnding = true;
    this.world.loop.setImmediate(() => {
      this.world.trace(`thread ${this.id} has exited`);
      this.hasEnded = true;
      for (const { requests } of [...(this.current ? [this.current] : []), ...this.inbox]) {
        this.world.witness.fails(requests);
      }
      this.emit('exit');
    });
  }
}

interface Message {
  readonly content: ToExecutor;
  readonly requests: readonly number[];
}

/**
 * Moves the data of a tensor to a copy, and overwrites the original. Data that is transferred to a different thread is
 * no longer available here.
 */
function transferred(tensor: Tensor): Tensor {
  const data = tensor.data as NumericData;
  const copy = data.slice();
  (data as Float32Array).fill(NaN);
  return { ...tensor, data: copy };
}
