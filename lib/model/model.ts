import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import type { ClassOutput, PictureInput } from '../../inference-image/src/contract/picture-input';
import type { ExampleSizes } from '../../inference-image/src/contract/request-size';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { SourceFile } from '../base/source-file';
import type { ModelProfile } from '../profile/model-profile';
import type { ModelCard } from './model-card';

/** A model that constructs, generators and the command line can serve, wherever its description came from. */
export interface Model {
  /** Name of the model in URLs. */
  readonly name: string;

  /** Version of the model in URLs. */
  readonly version: string;

  /**
   * Inputs and outputs as declared in the file, except for outputs that were corrected because a run contradicted their
   * declared shapes.
   */
  readonly signature: Signature;

  /** Inputs and outputs as declared in the file; the same object as `signature` if nothing was corrected. */
  readonly declaredSignature: Signature;

  /** How a picture is converted to the input, if declared. */
  readonly picture?: PictureInput;

  /** How the output is converted to a class, if declared. */
  readonly classes?: ClassOutput;

  /** Identity of the model: the sha256 of its file, or of the list of its files if it has external data. */
  readonly sha256: string;

  /** Size of the weights: the model file and its external data. */
  readonly sizeBytes: number;

  /** IR version of the file. */
  readonly irVersion: number;

  /** Opset version by domain, such as `{ 'ai.onnx': 17 }`. */
  readonly opsets: Readonly<Record<string, number>>;

  /** Exporter and its version, such as `pytorch 2.9.1`; empty if unknown. */
  readonly producer: string;

  /** Namespace of the model in reverse-DNS form, as in the file; usually empty. */
  readonly domain: string;

  /** Description of the model, from `card` and from the file; undefined if both are empty. */
  readonly card?: ModelCard;

  /** Whether rows of several requests may run as one batch, and on which axes, as proved from the graph. */
  readonly batching: BatchingVerdict;

  /**
   * Whether requests could share runs if the first dimensions that are fixed at 1 were free. `model-serving rebatch`
   * can then write such a model.
   */
  readonly rebatchable: boolean;

  /** Measurements of the model, if there are any. */
  readonly profile?: ModelProfile;

  /** Sizes of the largest golden example; they determine the default maximum size of requests. */
  readonly exampleSizes: ExampleSizes;

  /** Warnings about the model. */
  readonly warnings: readonly string[];

  /** Files in the image: the model, external data, and golden examples, in this order. */
  readonly files: readonly SourceFile[];

  /** Content of model.json in the image. */
  manifest(): ModelManifest;
}
