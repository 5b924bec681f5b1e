import { CONTRACT_VERSION } from '../../inference-image/src/contract/constants';
import { modelDigest, type ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { obstacleText, type BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { InputValuesByName } from '../../inference-image/src/contract/input-values';
import type { ClassOutput, PictureInput } from '../../inference-image/src/contract/picture-input';
import { printableLine } from '../../inference-image/src/contract/printable';
import { exampleSizesOf, type ExampleSizes } from '../../inference-image/src/contract/request-size';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { SourceFile } from '../base/source-file';
import type { SignatureProof } from '../model/declared-signature';
import type { Model } from '../model/model';
import { cardProperties, type ModelCard } from '../model/model-card';
import { operatorName } from '../onnx/decoded-model';
import type { ModelProfile } from '../profile/model-profile';
import { checkDeclaration, type CheckResult } from './check-declaration';
import type { OnnxModelProps } from './onnx-model-props';
import { readModelFiles, type ModelFiles } from './read-model-files';
import { resolveDeclaration, type Declaration } from './resolve-declaration';

/** A trained model that can be served, with its files. */
export class OnnxModel implements Model {
  /**
   * Reads an ONNX file and checks that it can be served. This process hashes the weights but does not load them.
   *
   * Expensive results are cached by content; CDKTF_MODEL_SERVING_CACHE_DIR sets the cache folder.
   *
   * @param path - path of the ONNX file, relative to the working directory; external data is expected beside it
   * @throws ModelServingError with all problems of the model; docs/errors.md lists them
   */
  static fromFile(path: string, props: OnnxModelProps = {}): OnnxModel {
    const files = readModelFiles(path, props);
    const declaration = resolveDeclaration(path, props, files);
    const checked = checkDeclaration(path, props, files, declaration);
    return new OnnxModel(files, declaration, checked);
  }

  readonly name: string;

  readonly version: string;

  readonly signature: Signature;

  readonly declaredSignature: Signature;

  /**
   * Whether the declared shapes of outputs were compared with the actual shapes at two sizes of each free dimension,
   * and if not, why not. They are not compared if `runtimeCheck` is `skip`, or if the model rejects generated inputs or
   * takes more than 10 s to run them.
   */
  readonly signatureProof: SignatureProof;

  readonly picture?: PictureInput;

  readonly classes?: ClassOutput;

  readonly sha256: string;

  readonly sizeBytes: number;

  readonly irVersion: number;

  readonly opsets: Readonly<Record<string, number>>;

  /**
   * Operators that the model uses, sorted. Names of operators outside the domain ai.onnx include the domain: `Conv`,
   * `com.microsoft:Gelu`.
   */
  readonly operators: readonly string[];

  private readonly unsafeOnEmptyInput: ModelManifest['unsafeOnEmptyInput'];

  /** Constraints on the values of inputs, derived from the graph. @internal */
  readonly inputValues: InputValuesByName;

  /** Metadata that the exporter wrote into the file (`metadata_props`). */
  readonly metadata: Readonly<Record<string, string>>;

  readonly producer: string;

  readonly domain: string;

  readonly card?: ModelCard;

  readonly batching: BatchingVerdict;

  readonly rebatchable: boolean;

  /**
   * Why requests could not share runs even if first dimensions of 1 were free; undefined if no first dimension is 1, or
   * if requests could share runs.
   */
  readonly rebatchObstacle?: string;

  readonly profile?: ModelProfile;

  readonly exampleSizes: ExampleSizes;

  /**
   * False if a check failed, but `runtimeCheck` turned the error into a warning: the model did not load or did not
   * reproduce its golden examples, the base image lacks a locale, or the runtime does not run on this machine.
   */
  readonly servable: boolean;

  readonly warnings: readonly string[];

  readonly files: readonly SourceFile[];

  private constructor(source: ModelFiles, declaration: Declaration, { golden, servable, warnings }: CheckResult) {
    const { graph, files } = source.weights;
    this.name = source.name;
    this.version = source.version;
    this.signature = declaration.signature;
    this.declaredSignature = declaration.declared;
    this.signatureProof = declaration.proof;
    this.picture = declaration.picture;
    this.classes = declaration.classes;
    this.profile = source.profile?.profile;
    this.exampleSizes = exampleSizesOf(golden?.examples ?? [], golden?.files ?? []);
    this.servable = servable;
    this.warnings = warnings.map(printableLine);
    this.files = [...files, ...(golden?.files ?? [])];
    this.sha256 = modelDigest(files);
    this.sizeBytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    this.irVersion = graph.irVersion;
    this.opsets = graph.opsets;
    this.operators = graph.operators.map(operatorName).sort();
    this.unsafeOnEmptyInput = declaration.unsafeOnEmptyInput;
    this.inputValues = graph.inputValues;
    this.metadata = graph.metadata;
    this.producer = graph.producer;
    this.domain = graph.domain;
    this.card = declaration.card;
    this.batching = declaration.batching;
    this.rebatchable = graph.proof.ifFreed !== undefined;
    this.rebatchObstacle = graph.proof.refusedIfFreed && obstacleText(graph.proof.refusedIfFreed);
  }

  manifest(): ModelManifest {
    const { name, version, sha256, signature, batching, card, picture, classes } = this;
    const files = this.files.map((file) => ({ path: file.path, sha256: file.sha256, sizeBytes: file.sizeBytes }));
    const properties = card && cardProperties(card);
    return {
      contractVersion: CONTRACT_VERSION,
      name,
      version,
      sha256,
      files,
      signature,
      batching,
      unsafeOnEmptyInput: this.unsafeOnEmptyInput,
      properties,
      image: picture,
      classes,
    };
  }
}
