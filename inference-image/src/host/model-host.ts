import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { messageOf, ServingError } from '../base/errors';
import type { Log } from '../base/log';
import { declarationDifferences } from '../contract/model-declaration';
import { MODEL_FILE, type ModelFile, type ModelManifest } from '../contract/model-manifest';
import type { Settings } from '../contract/settings';
import { DataPlane } from '../inference/data-plane';
import { ExecutorPool } from '../inference/executor-pool';
import { InlineExecutor, type Measurement } from '../inference/inline-executor';
import type { RowTrial } from '../inference/row-trial';
import { Scheduler } from '../inference/scheduler';
import type { WorkerExecutor } from '../inference/worker-executor';
import { InferRequestDecoder } from '../protocol/infer-request';
import type { Configuration } from './configuration';
import { NOT_SERVED } from './lifecycle';
import { Preparation } from './preparation';
import { planSharing, type SharingPlan } from './sharing-plan';

const SHARED_UNPROVED =
  'requests share runs because rowIndependence is "assume"; an answer may depend on the other requests of its run';
const NOT_SHARED = 'requests do not share runs';

export interface ModelHostOptions extends Configuration {
  readonly threadsPerExecutor: number;
  readonly startExecutor: () => WorkerExecutor;
  readonly log: Log;
}

/** The server's model and its executors, from loading to shutdown. */
export class ModelHost {
  readonly decoder: InferRequestDecoder;
  readonly scheduler: Scheduler;
  readonly dataPlane: DataPlane;
  readonly sharing: SharingPlan;
  private preparation?: Preparation;
  private pool?: ExecutorPool;
  private inline?: InlineExecutor;
  private measurement?: Measurement;
  /** Largest difference in the executors' trials of rows. */
  private largestDifference = 0;
  private trialObstacle?: string;
  private started?: Promise<void>;

  constructor(private readonly options: ModelHostOptions) {
    this.decoder = new InferRequestDecoder(options.manifest.signature);
    const { settings, manifest, log } = options;
    this.sharing = planSharing(settings, manifest);
    const { axes } = this.sharing;
    this.scheduler = new Scheduler({ ...settings, signature: manifest.signature, axes });
    this.scheduler.onBatchingOff = (reason) => log.error({ reason }, NOT_SHARED);
    this.dataPlane = new DataPlane(this.scheduler, manifest);
  }

  /**
   * Loads and checks the model, then opens the data plane. If a check fails, the server stays up and reports the
   * reason, because a restart would fail in the same way.
   */
  start(): Promise<void> {
    return (this.started ??= this.loadAndCheck());
  }

  /**
   * Loads a fast model on the main thread as well. Call it only once the server is ready, because it blocks the main
   * thread for a few milliseconds.
   */
  async loadInline(): Promise<void> {
    const { settings, manifest, log } = this.options;
    const modelBytes = manifest.files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    // A batch delay is meant to fill batches, but inline runs would not wait for more rows.
    if (settings.maxBatchDelaySeconds > 0) return;
    if (!this.measurement || !InlineExecutor.isWorthwhile(this.measurement, modelBytes, manifest.signature)) return;
    try {
      // Nothing else loads the runtime on the main thread.
      const { Session } = await import('../inference/session.js');
      const session = new Session({ modelPath: join(settings.modelFolder, MODEL_FILE), threads: 1 });
      this.inline = new InlineExecutor(session, this.measurement);
      const prepared = await this.preparation?.prepare(this.inline);
      if (prepared?.trial) this.recordTrial(prepared.trial);
      this.scheduler.inline = this.inline;
      log.debug(this.measurement, 'the model is fast enough to run on the main thread');
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the model could not be loaded on the main thread; only executors run it');
    }
  }

  /** Fields for the log: rows of the largest shared run, and the largest difference in the trials. */
  get sharedRuns(): object {
    const { maxBatchSize } = this.scheduler;
    if (maxBatchSize === 1) return {};
    return { maxBatchSize, ...(this.sharing.tolerance && { largestDifference: this.largestDifference }) };
  }

  /**
   * Stops the executors. Call it once no run is in progress. Waits until a model that is still loading is loaded,
   * because loading cannot be cancelled.
   */
  async close(): Promise<void> {
    await this.started;
    await this.pool?.close();
    this.inline?.release();
  }

  /** Refuses the requests in the queue. */
  refuseQueued(): void {
    this.scheduler.refuseQueued(new ServingError('unavailable', 'the server is shutting down'));
  }

  private async loadAndCheck(): Promise<void> {
    const { settings, manifest, examples, log } = this.options;
    try {
      this.preparation = new Preparation(manifest, examples, settings.modelFolder, this.sharing, log);
      await this.load(this.preparation);
      this.startSharing();
      this.dataPlane.open();
    } catch (error) {
      this.dataPlane.fail(messageOf(error));
      log.error({ error: messageOf(error) }, NOT_SERVED);
    }
  }

  private startSharing(): void {
    const { log } = this.options;
    const { maxBatchSize, isAsked, unproved } = this.sharing;
    const obstacle =
      this.sharing.obstacle ?? (this.trialObstacle === undefined ? undefined : { reason: this.trialObstacle });
    // Logs a warning if a setting asks for shared runs, or if the user can remove the obstacle.
    if (obstacle) return log[isAsked || obstacle.remedy ? 'warn' : 'info'](obstacle, NOT_SHARED);
    if (maxBatchSize === 1) return;
    if (unproved !== undefined) log.warn({ reason: unproved }, SHARED_UNPROVED);
    this.scheduler.maxBatchSize = maxBatchSize;
    this.scheduler.splitsLarger = isAsked;
  }

  /** Records the trial result of each executor, including later replacements. */
  private recordTrial({ obstacle, largestDifference }: RowTrial): void {
    this.largestDifference = Math.max(this.largestDifference, largestDifference);
    if (obstacle === undefined) return;
    this.trialObstacle ??= obstacle;
    this.scheduler.stopSharing(obstacle);
  }

  private async load(preparation: Preparation): Promise<void> {
    const { settings, manifest, startExecutor, threadsPerExecutor: threads, log } = this.options;
    const { modelFolder } = settings;
    assertExpected(settings, manifest);
    this.pool = new ExecutorPool({
      size: settings.executors,
      start: startExecutor,
      prepare: async (executor) => {
        preparation.checkSignature(await executor.load({ modelPath: join(modelFolder, MODEL_FILE), threads }));
        const { measurement, trial } = await preparation.prepare(executor);
        this.measurement = measurement;
        if (trial) this.recordTrial(trial);
      },
      scheduler: this.scheduler,
      onFailure: (message) => log.error(message),
    });
    // Verifies the files while the executors load them.
    await Promise.all([verifyFiles(modelFolder, manifest), this.pool.started]);
  }
}

/** Throws if the image contains a different model from the one that its deployment expects. */
export function assertExpected({ expectedSha256, expectedDeclaration }: Settings, manifest: ModelManifest): void {
  if (expectedSha256 !== undefined && expectedSha256 !== manifest.sha256) {
    throw new Error(`the deployment expects model ${expectedSha256}; this image contains ${manifest.sha256}`);
  }
  if (expectedDeclaration === undefined) return;
  const differences = declarationDifferences(expectedDeclaration, manifest);
  if (differences.length === 0) return;
  throw new Error(
    `the deployment and this image declare the model differently: ${differences.join('; ')}; build the image from the same declaration, or change the declaration to match the image`,
  );
}

const CHUNK_BYTES = 1024 * 1024;

/** Throws if a file differs from its entry in model.json. Files are streamed, so their size does not matter. */
export async function verifyFiles(folder: string, manifest: ModelManifest): Promise<void> {
  for (const file of manifest.files) await verifyFile(folder, file);
}

async function verifyFile(folder: string, expected: ModelFile): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(folder, expected.path), { highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  const sha256 = hash.digest('hex');
  if (sizeBytes !== expected.sizeBytes || sha256 !== expected.sha256) {
    const actual = `has ${sizeBytes} bytes and sha256 ${sha256}`;
    throw new Error(
      `${expected.path} ${actual}; model.json declares ${expected.sizeBytes} bytes and ${expected.sha256}`,
    );
  }
}
