import { parse } from 'node:path';
import { CONTRACT_VERSION } from '../../inference-image/src/contract/constants';
import { modelDigest, type ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { obstacleText, type BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { InputValuesByName } from '../../inference-image/src/contract/input-values';
import type { ClassOutput, PictureInput } from '../../inference-image/src/contract/picture-input';
import { exampleSizesOf, type ExampleSizes } from '../../inference-image/src/contract/request-size';
import { dimensionsText, type Signature } from '../../inference-image/src/contract/signature';
import { collect, ModelServingError, type Problem } from '../base/errors';
import { checkAnswers } from '../golden/check-answers';
import { checkReproduced } from '../golden/check-golden';
import { fitGolden } from '../golden/fit-golden';
import { checkReservedFiles, readGoldenFile } from '../golden/golden-file';
import { checkInterface } from '../interface/check-interface';
import { interfaceOf } from '../interface/model-interface';
import { resolveClassOutput, type ClassOutputProps } from '../preprocessing/class-output';
import { resolvePictureInput, type PictureInputProps } from '../preprocessing/picture-input';
import type { ModelProfile } from '../profile/model-profile';
import { checkProfile, readProfile } from '../profile/profile-file';
import { oldNameErrors } from '../base/old-names';
import { printableLine } from '../../inference-image/src/contract/printable';
import { cardOfFile } from '../model/read-card';
import { checkCard } from '../model/check-card';
import { checkIdentity } from '../model/checks';
import { unsafeOnEmptyInput } from '../model/empty-inputs';
import type { Model } from '../model/model';
import { signatureOf, type SignatureProof } from '../model/declared-signature';
import { cardProperties, mergedCard, type ModelCard } from '../model/model-card';
import type { SourceFile } from '../base/source-file';
import { shapesByTrial, shapesWithExamples } from './model-shapes';
import { operatorName } from '../onnx/decoded-model';
import { readWeights, type Weights } from '../model/weights';

export interface OnnxModelProps extends ClassOutputProps {
  /**
   * Name of the model in URLs: at most 128 letters, digits, `.`, `_` and `-`. The first character must be a letter or
   * digit.
   *
   * @default - the file's name without its extension
   */
  readonly name?: string;

  /**
   * Version of the model in URLs; allows the same characters as `name`.
   *
   * @default '1'
   */
  readonly version?: string;

  /**
   * Path of a JSON file with golden examples, relative to the working directory. Each example consists of a request or
   * a picture, and of the response that the container must reproduce before it becomes ready. `runtimeCheck` controls
   * whether the examples are also checked at synth.
   *
   * @default - no golden examples
   */
  readonly golden?: string;

  /**
   * Path of the profile that `model-serving profile` wrote, relative to the working directory, or false for none.
   * Constructs derive sizes from it.
   *
   * @default - the file beside the model, such as `digits.profile.json` for `digits.onnx`, if it exists
   */
  readonly profile?: string | false;

  /**
   * Path of the file that `model-serving interface accept` wrote, relative to the working directory, or false for
   * none. A model that breaks clients of the accepted interface is refused, unless its major version (the part before
   * the first dot) differs.
   *
   * @default - the file beside the model, `digits.interface.json` for `digits.onnx`, if it exists
   */
  readonly interface?: string | false;

  /**
   * Human-readable description of the model. It becomes labels of the image and part of the server's model metadata.
   * Fields that you do not set are read from the file's `metadata_props` and `doc_string`; see docs/model-card.md.
   *
   * @default - the description in the file
   */
  readonly card?: ModelCard;

  /**
   * How a picture is converted to the model's input, so that clients can send PNG or JPEG files
   * (docs/preprocessing.md). The image then includes the decoders.
   *
   * @default - clients send tensors
   */
  readonly picture?: PictureInputProps;

  /**
   * Whether to load the model in the runtime at synth, compare its declared shapes with its actual outputs, and run its
   * golden examples. Successful checks are cached by the content of the files. `require` rejects a model that does not
   * load or does not reproduce its examples. `warn` adds warnings instead, and `skip` does not load the model. Use
   * `warn` or `skip` on machines where onnxruntime does not run, such as Alpine.
   *
   * @default 'require'
   */
  readonly runtimeCheck?: 'require' | 'warn' | 'skip';
}

/** Properties of a model that has passed all checks. */
interface ModelFacts extends Pick<
  OnnxModel,
  | 'name'
  | 'version'
  | 'signature'
  | 'declaredSignature'
  | 'signatureProof'
  | 'card'
  | 'picture'
  | 'classes'
  | 'profile'
  | 'exampleSizes'
  | 'servable'
  | 'warnings'
> {
  readonly weights: Weights;
  readonly golden?: readonly SourceFile[];
  readonly unsafeOnEmptyInput: ModelManifest['unsafeOnEmptyInput'];
}

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
    const { name = parse(path).name, version = '1', golden: goldenPath, runtimeCheck = 'require' } = props;

    const problems = [
      ...checkOldProps(path, props),
      ...checkIdentity(path, name, version),
      ...checkCard(path, props.card ?? {}),
    ];
    const weights = collect(problems, () => readWeights(path));
    const goldenFile = goldenPath === undefined ? undefined : collect(problems, () => readGoldenFile(goldenPath));
    const profileFile = collect(problems, () => readProfile(path, props.profile));
    if (!weights || problems.length > 0) throw new ModelServingError(problems);

    const declared = signatureOf(weights.graph);
    const byTrial = shapesByTrial(path, weights, declared, runtimeCheck === 'skip');
    const findings = [...byTrial.problems];
    const fromFile = cardOfFile(path, weights.graph, props.card ?? {});
    const pictures = props.picture && resolvePictureInput(path, props.picture, declared);
    const shapes = shapesWithExamples(byTrial, path, weights, declared, goldenFile, pictures?.picture);
    const { signature } = shapes;
    const classes = resolveClassOutput(path, props, signature);
    problems.push(...(pictures?.problems ?? []), ...classes.problems);
    const { golden, ...fit } = fitGolden(goldenFile, path, { ...shapes, declared }, props.picture !== undefined);
    const answers = golden && fit.problems.length === 0 ? checkAnswers(golden) : { problems: [], warnings: [] };
    problems.push(...fit.problems, ...answers.problems, ...(golden ? checkReservedFiles(golden, weights.files) : []));
    if (golden && runtimeCheck !== 'skip' && findings.length + problems.length === 0) {
      findings.push(...checkReproduced(golden, path, weights, { signature, picture: pictures?.picture }));
    }
    if (runtimeCheck === 'require') problems.push(...findings);
    if (profileFile) problems.push(...checkProfile(path, modelDigest(weights.files), profileFile));
    const served = { name, signature, picture: pictures?.picture, classes: classes.classes };
    const compared = collect(problems, () =>
      checkInterface(path, props.interface, { ...interfaceOf(served), version }, declared),
    );
    if (compared) problems.push(...compared.problems);
    ModelServingError.throwIfAny(problems);

    return new OnnxModel({
      name,
      version,
      signature,
      declaredSignature: declared,
      signatureProof: shapes.proof,
      card: mergedCard(fromFile.card, props.card ?? {}),
      picture: pictures?.picture,
      classes: classes.classes,
      weights,
      golden: golden?.files,
      exampleSizes: exampleSizesOf(golden?.examples ?? [], golden?.files ?? []),
      profile: profileFile?.profile,
      unsafeOnEmptyInput: unsafeOnEmptyInput(weights.graph, byTrial.trial?.edge?.edge === 'empty'),
      servable: findings.length === 0,
      warnings: [
        ...findings.map(({ message }) => message),
        ...shapes.warnings,
        ...fit.warnings,
        ...answers.warnings,
        ...compared!.warnings,
        ...fromFile.warnings,
      ].map(printableLine),
    });
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

  private constructor({ weights: { graph, files }, golden, ...facts }: ModelFacts) {
    this.name = facts.name;
    this.version = facts.version;
    this.signature = facts.signature;
    this.declaredSignature = facts.declaredSignature;
    this.signatureProof = facts.signatureProof;
    this.picture = facts.picture;
    this.classes = facts.classes;
    this.profile = facts.profile;
    this.exampleSizes = facts.exampleSizes;
    this.servable = facts.servable;
    this.warnings = facts.warnings;
    this.files = [...files, ...(golden ?? [])];
    this.sha256 = modelDigest(files);
    this.sizeBytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    this.irVersion = graph.irVersion;
    this.opsets = graph.opsets;
    this.operators = graph.operators.map(operatorName).sort();
    this.unsafeOnEmptyInput = facts.unsafeOnEmptyInput;
    this.inputValues = graph.inputValues;
    this.metadata = graph.metadata;
    this.producer = graph.producer;
    this.domain = graph.domain;
    this.card = facts.card;
    this.batching = verdictFor(facts.signature, graph.proof.verdict);
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

/** Old names of props, each with its current name. */
const OLD_PROPS = { image: 'picture', contract: 'interface' };

/** Finds props with old names. The compiler does not reject them in plain JavaScript or in props from a file. */
function checkOldProps(path: string, props: object): Problem[] {
  return Object.entries(OLD_PROPS)
    .filter(([prop]) => props[prop as keyof object] !== undefined)
    .map(([prop, name]) => oldNameErrors.prop(path, prop, name));
}

/** Returns the verdict proved from the graph, or `fixed` if an output is declared without a free axis for its rows. */
function verdictFor({ outputs }: Signature, proved: BatchingVerdict): BatchingVerdict {
  if (proved.verdict !== 'independent') return proved;
  const output = outputs.find(({ dimensions }, i) => {
    const size = dimensions[proved.outputAxes[i]!];
    return size === undefined || typeof size === 'number';
  });
  if (!output) return proved;
  const declared = `output "${output.name}" is declared as ${dimensionsText(output.dimensions)}`;
  return { verdict: 'fixed', reason: `${declared}, with no free axis for its rows` };
}
