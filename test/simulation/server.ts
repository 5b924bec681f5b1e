import { Server as NetServer } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import { MemoryBudget } from '../../inference-image/src/budget/memory-budget';
import { Codec } from '../../inference-image/src/codec/codec';
import { messageOf, ServingError } from '../../inference-image/src/base/errors';
import { stoppable } from '../../inference-image/src/host/stoppable';
import type { AppOptions } from '../../inference-image/src/http/app-options';
import { Connections } from '../../inference-image/src/http/connections';
import { InferEndpoint } from '../../inference-image/src/http/infer-endpoint';
import { DataPlane } from '../../inference-image/src/inference/data-plane';
import { ExecutorPool } from '../../inference-image/src/inference/executor-pool';
import type { Run, RunResult } from '../../inference-image/src/inference/executor';
import { InlineExecutor } from '../../inference-image/src/inference/inline-executor';
import type { JobQueue } from '../../inference-image/src/inference/job-queue';
import { Scheduler } from '../../inference-image/src/inference/scheduler';
import type { Session } from '../../inference-image/src/inference/session';
import type { Tensor } from '../../inference-image/src/tensor/tensor';
import { WorkerExecutor } from '../../inference-image/src/inference/worker-executor';
import { endOnSignals } from '../../inference-image/src/host/lifecycle';
import type { Log } from '../../inference-image/src/base/log';
import { InferRequestDecoder } from '../../inference-image/src/protocol/infer-request';
import type { Signals } from '../../inference-image/src/host/signals';
import type { Request, Response, Socket } from './http';
import { AXES, MODEL, outputOf, requestsIn } from './model';
import type { World } from './world';

/** Queues of a scheduler. */
interface Queues {
  readonly splitQueue: JobQueue;
  readonly turnQueue: JobQueue;
}

const decoder = new InferRequestDecoder(MODEL.signature);
const codec = new Codec({ model: MODEL, decoder, startThread: neverNeeded, maxQueueLength: 8 });
const ignore = () => undefined;
const unread = { assertRoom: ignore, assertFits: ignore, sent: ignore, watch: ignore };
const metrics = {
  observeDecode: ignore,
  observeEncode: ignore,
  observeError: ignore,
  observeRequest: ignore,
  observeDrop: ignore,
  observeRefusal: ignore,
};

/** Server that is assembled as in main.ts and model-host.ts, except for sockets, threads and the runtime. */
export class Server {
  readonly scheduler: Scheduler;
  readonly budget: MemoryBudget;
  isListening = true;
  /** Whether the model has ever been ready. */
  hasOpened = false;
  /** Whether the server has stopped accepting requests. */
  isFinishing = false;
  private readonly dataPlane: DataPlane;
  private readonly pool: ExecutorPool;
  private readonly listener = new NetServer();
  private isClosing = false;
  private handleSignal: (signal: NodeJS.Signals) => void = ignore;

  constructor(private readonly world: World) {
    const { settings } = world;
    this.budget = new MemoryBudget(settings.budgetBytes);
    this.scheduler = new Scheduler({ ...settings, signature: MODEL.signature, axes: AXES });
    this.dataPlane = new DataPlane(this.scheduler);
    const { budget, scheduler, dataPlane, listener } = this;
    const log = this.log();
    const options = { maxRequestBytes: 2 ** 20, model: MODEL, budget, codec, unread, metrics, dataPlane, log };
    const endpoint = new InferEndpoint(options as unknown as AppOptions);
    const connections = new Connections(listener as HttpServer, {
      maxConnectionAgeSeconds: 300,
      sendTimeoutSeconds: 30,
      maxConnections: settings.maxConnections,
      budget,
      metrics,
    });
    listener.on('request', (request, response) => request.socket.destroyed || endpoint.handle(request, response));
    listener.on('close', () => (this.isListening = false));
    this.pool = new ExecutorPool({
      size: settings.executors,
      start: () => new WorkerExecutor(''),
      prepare: async (executor) => void (await executor.load({ modelPath: '', threads: 1 })),
      scheduler,
      onFailure: (message) => world.trace(message),
    });
    const started = this.start();
    const host = {
      scheduler: {
        get busy() {
          return scheduler.busy;
        },
        finished: () => this.finished(),
      },
      dataPlane,
      refuseQueued: () => scheduler.refuseQueued(new ServingError('unavailable', 'the server is shutting down')),
      close: async () => {
        await started;
        this.isClosing = true;
        await this.pool.close();
      },
    };
    const signals: Pick<Signals, 'handle'> = { handle: (handler) => (this.handleSignal = handler) };
    endOnSignals(signals, stoppable({ host, transports: [connections], readers: [codec] }), settings.drainSeconds, log);
  }

  get failure(): string | undefined {
    return this.dataPlane.failure;
  }

  /** Whether executors should process requests. */
  get isServing(): boolean {
    return !this.isClosing;
  }

  isOfTurn(queue: JobQueue): boolean {
    return queue === (this.scheduler as unknown as Queues).turnQueue;
  }

  isOfSplit(queue: JobQueue): boolean {
    return queue === (this.scheduler as unknown as Queues).splitQueue;
  }

  accept(socket: Socket): void {
    this.listener.emit('connection', socket);
  }

  take(request: Request, response: Response): void {
    this.listener.emit('request', request, response);
  }

  signal(signal: NodeJS.Signals): void {
    this.handleSignal(signal);
  }

  private async start(): Promise<void> {
    const { scheduler, dataPlane, world } = this;
    const { maxBatchSize, splitsLarger, inlineElements } = world.settings;
    try {
      await this.pool.started;
      scheduler.maxBatchSize = maxBatchSize;
      scheduler.splitsLarger = splitsLarger;
      dataPlane.open();
      this.hasOpened = dataPlane.failure === undefined;
    } catch (error) {
      dataPlane.fail(messageOf(error));
    }
    if (inlineElements > 0) scheduler.inline = this.inline(inlineElements);
  }

  private async finished(): Promise<void> {
    this.isFinishing = true;
    await this.scheduler.finished();
    this.world.witness.onFinished();
  }

  private inline(elements: number): InlineExecutor {
    const session = { run: (run: Run) => this.runInline(run) };
    return new InlineExecutor(session as Session, { runSeconds: 1e-4, elements });
  }

  private runInline({ inputs, returnInputs }: Run): RunResult {
    const { choices, settings, loop, witness } = this.world;
    const requests = requestsIn(inputs[0] as Tensor);
    witness.begins(requests, 'the main thread');
    const ms = choices.chance(settings.inlineMisjudgedChance) ? 15 : 0.1;
    loop.spend(ms);
    if (choices.chance(settings.threads.failChance)) {
      witness.fails(requests);
      throw new Error('simulated');
    }
    const outputs = [outputOf(inputs[0] as Tensor)];
    return { outputs, runSeconds: ms / 1000, inputs: returnInputs ? inputs : undefined };
  }

  private log(): Log {
    const trace = (of: unknown, message?: string) => this.world.trace(message ?? String(of));
    return { info: trace, warn: trace, error: trace, fatal: trace } as unknown as Log;
  }
}

function neverNeeded(): never {
  throw new Error('bodies are small');
}
