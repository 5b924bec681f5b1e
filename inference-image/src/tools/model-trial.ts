import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Configuration } from '../host/configuration';
import { type RowAxes, rowAxes } from '../contract/batching-verdict';
import { MODEL_FILE } from '../contract/model-manifest';
import type { Trial, TrialLoad, TrialRequest, TrialWarmUp } from '../contract/trial';
import { cpuQuota } from '../host/cpu-quota';
import { GoldenExamples } from '../host/golden-examples';
import type { Run } from '../inference/executor';
import { Session } from '../inference/session';
import type { Tensor } from '../tensor/tensor';
import { largerSizes } from '../inference/warm-up';
import { WorkerExecutor } from '../inference/worker-executor';
import { exampleInputs, madeUpInputs, type TrialInputs, trialRequest } from './trial-inputs';

/** Number of runs after which the memory of a session hardly grows any further. */
const EXECUTOR_RUNS = 5;

/** Measures a model with the session and the executor of the server. */
export class ModelTrial implements Trial {
  /**
   * Creates a trial of the configured model. @param dimensions Sizes of free dimensions. A key is a symbol or
   * `INPUT:AXIS`.
   */
  static async of(configuration: Configuration, dimensions: Readonly<Record<string, number>>): Promise<ModelTrial> {
    const { settings, manifest, examples } = configuration;
    const golden = new GoldenExamples({ signature: manifest.signature, picture: manifest.image });
    try {
      const [first] = examples;
      const example = first && (await golden.inputs(first, settings.modelFolder));
      return new ModelTrial(configuration, dimensions, example);
    } finally {
      await golden.close();
    }
  }

  private readonly modelPath: string;
  private readonly axes?: RowAxes;
  private inputs: TrialInputs;
  private session?: Session;

  private constructor(
    private readonly configuration: Configuration,
    private readonly sizes: Readonly<Record<string, number>>,
    private readonly example: readonly Tensor[] | undefined,
  ) {
    const { settings, manifest } = configuration;
    this.modelPath = join(settings.modelFolder, MODEL_FILE);
    this.axes = rowAxes(manifest.batching);
    this.inputs = madeUpInputs(manifest.signature, { axes: this.axes, sizes, example });
  }

  load(threads: number): TrialLoad {
    this.session?.release();
    const start = performance.now();
    this.session = new Session({ modelPath: this.modelPath, threads });
    return { seconds: (performance.now() - start) / 1000, cpus: cpuQuota() };
  }

  /**
   * Makes the first run. If the model refuses the generated inputs, uses the first golden example, or larger sizes if
   * there are no examples.
   */
  warmUp(): TrialWarmUp {
    const { axes, sizes, example } = this;
    const { signature } = this.configuration.manifest;
    let refusal: unknown;
    try {
      return this.firstRun();
    } catch (error) {
      refusal = error;
    }
    if (example) {
      this.inputs = exampleInputs(signature, axes, example);
      return this.firstRun();
    }
    for (const otherSize of largerSizes(signature, axes)) {
      this.inputs = madeUpInputs(signature, { axes, sizes, otherSize });
      try {
        return this.firstRun();
      } catch {
        // Ignored: the first error is more helpful than one about a size that the user did not choose.
      }
    }
    throw refusal;
  }

  async run(batchSize: number, seconds: number, runs: number): Promise<Float64Array> {
    const session = this.loaded();
    const run = this.batch(batchSize);
    session.run(run);
    const times: number[] = [];
    const end = performance.now() + 1000 * seconds;
    while (times.length < runs || performance.now() < end) {
      times.push(session.run(run).runSeconds);
      // Memory of outputs is freed only between turns of the event loop.
      await turn();
    }
    return Float64Array.from(times);
  }

  request(): TrialRequest {
    return trialRequest(this.configuration.manifest.signature, this.inputs.batch(1));
  }

  async executorBytes(batchSize: number): Promise<number> {
    await this.run(batchSize, 0, EXECUTOR_RUNS);
    const before = process.memoryUsage.rss();
    const executor = new WorkerExecutor(join(__dirname, 'executor.cjs'));
    await executor.load({ modelPath: this.modelPath, threads: 1 });
    for (let i = 0; i < EXECUTOR_RUNS; i++) await executor.run(this.batch(batchSize));
    return process.memoryUsage.rss() - before;
  }

  private firstRun(): TrialWarmUp {
    const session = this.loaded();
    const { runSeconds } = session.run(this.batch(1));
    return { seconds: runSeconds, dimensions: this.inputs.dimensions };
  }

  private batch(rows: number): Run {
    const { outputs } = this.configuration.manifest.signature;
    return { inputs: this.inputs.batch(rows), outputs: outputs.map(({ name }) => name) };
  }

  private loaded(): Session {
    if (!this.session) throw new Error('load the model first');
    return this.session;
  }
}
