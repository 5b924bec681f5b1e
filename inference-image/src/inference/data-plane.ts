import { dimensionName } from '../contract/given-sizes';
import type { ModelManifest } from '../contract/model-manifest';
import { quoted, shapeText } from '../base/cut-text';
import { invalid, ServingError } from '../base/errors';
import type { Run } from './executor';
import type { Caller } from './job';
import type { Scheduler } from './scheduler';
import { stringBytes, type Tensor } from '../tensor/tensor';

type State =
  { readonly name: 'starting' | 'serving' | 'draining' } | { readonly name: 'failed'; readonly reason: string };

type EmptyInputs = Pick<ModelManifest, 'signature' | 'unsafeOnEmptyInput'>;

/**
 * Bytes of memory that a run needs per byte of its strings, in addition to the request's own strings: an executor's
 * strings, the runtime's copies of inputs and outputs, and the strings of the returned outputs.
 */
const RUN_TEXT_COPIES = 2;

/** Inference and readiness, independent of the transport. */
export class DataPlane {
  private state: State = { name: 'starting' };

  /** @param emptyInputs Fields of model.json that say which empty inputs the model cannot handle. */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly emptyInputs?: EmptyInputs,
  ) {}

  /**
   * Whether new traffic should be sent to this server. A draining server is not ready, but serves the requests that
   * arrive.
   */
  get ready(): boolean {
    return this.state.name === 'serving' && this.scheduler.executorCount > 0;
  }

  /** Reason that the model is not served, if it failed. */
  get failure(): string | undefined {
    return this.state.name === 'failed' ? this.state.reason : undefined;
  }

  /** Starts serving, once the model is loaded and has passed its checks. */
  open(): void {
    if (this.state.name === 'starting') this.state = { name: 'serving' };
  }

  /** Stops serving permanently: the server is never ready, and every request fails with the reason. */
  fail(reason: string): void {
    this.state = { name: 'failed', reason };
  }

  /** Starts draining: requests that arrive are still served if the model was loaded. */
  drain(): void {
    if (this.state.name === 'serving') this.state = { name: 'draining' };
    else if (this.state.name === 'starting') this.fail('the server is shutting down');
  }

  /** Called by a transport before it reads a request, so that it does not read one that would be refused. */
  assertServing(): void {
    this.assertOpen();
    if (!this.scheduler.inline) this.scheduler.assertRoom();
  }

  private assertOpen(): void {
    if (this.state.name === 'starting') throw new ServingError('unavailable', 'the model is being loaded');
    if (this.state.name === 'failed') {
      throw new ServingError('unavailable', `the model is not served: ${this.state.reason}`);
    }
  }

  /** Runs the model. Returns synchronously if the run is short enough for the main thread. */
  infer(run: Run, caller: Caller): readonly Tensor[] | Promise<readonly Tensor[]> {
    this.assertOpen();
    if (this.emptyInputs?.unsafeOnEmptyInput) refuseEmpty(run, this.emptyInputs);
    const texts = stringBytes(run.inputs);
    if (texts > 0) caller.holding?.add(RUN_TEXT_COPIES * texts);
    return this.scheduler.submit(run, caller);
  }
}

/** @throws ServingError `invalid` if an input is empty, unless the only empty dimension is one that may be empty. */
function refuseEmpty({ inputs }: Run, manifest: EmptyInputs): void {
  const empty = inputs.find(({ shape }) => shape.includes(0));
  if (!empty) return;
  const { node, operator, unless = [] } = manifest.unsafeOnEmptyInput ?? {};
  const [dimension, ...others] = emptyDimensions(inputs, manifest);
  if (dimension !== undefined && others.length === 0 && unless.includes(dimension)) return;
  const what = node === undefined ? 'it' : `its ${operator} (node ${quoted(node)})`;
  const reason = `the model accepts no empty inputs, because ${what} is not safe on them`;
  throw invalid(`input ${quoted(empty.name)} has shape ${shapeText(empty.shape)}; ${reason}`);
}

/** Names of the dimensions that are empty, each once. */
function emptyDimensions(inputs: readonly Tensor[], { signature }: EmptyInputs): (string | undefined)[] {
  const names = inputs.flatMap(({ name, shape }) => {
    const declared = signature.inputs.find((input) => input.name === name);
    return shape.flatMap((size, axis) => (size === 0 ? [declared && dimensionName(declared, axis)] : []));
  });
  return [...new Set(names)];
}
