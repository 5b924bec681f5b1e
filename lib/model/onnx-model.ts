import { parse } from 'node:path';
import { CONTRACT_VERSION, modelDigest, type ModelManifest } from '../../inference-image/src/contract/model-manifest';
import { obstacleText, type BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { ClassOutput, PictureInput } from '../../inference-image/src/contract/picture-input';
import { exampleSizesOf, type ExampleSizes } from '../../inference-image/src/contract/request-size';
import { dimensionsText, type Signature } from '../../inference-image/src/contract/signature';
import { ModelServingError, type Problem } from '../errors';
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
import { oldNameErrors } from '../old-names';
import { printableLine } from '../printable';
import { cardOfFile } from './card-of-file';
import { checkCard } from './check-card';
import { checkIdentity } from './checks';
import { collect } from './collect';
import { endingOnEmptyInput } from './empty-inputs';
import type { SignatureProof } from './declared-signature';
import { cardProperties, mergedCard, type ModelCard } from './model-card';
import type { SourceFile } from './model-files';
import { shapesByTrial, shapesWithExamples } from './model-shapes';
import { operatorName } from './onnx-graph';
import { signatureOf } from './signature';
import { readWeights, type Weights } from './weights';

export interface OnnxModelProps extends ClassOutputProps {
  /**
   * The model's name in URLs: at most 128 letters, digits, `.`, `_` and `-`, the first a letter or a digit.
   *
   * @default - the file's name without its extension
   */
  readonly name?: string;

  /**
   * The model's version in URLs; the same characters as in `name`.
   *
   * @default '1'
   */
  readonly version?: string;

  /**
   * Path of a JSON file of golden examples, relative to the working directory: requests or pictures, and the responses
   * that the container must give to them before it is ready; also checked at synth, as `runtimeCheck` says.
   *
   * @default - no golden examples
   */
  readonly golden?: string;

  /**
   * Path of the profile that `model-serving profile` wrote, relative to the working directory, or false for none.
   * Constructs derive sizes from it.
   *
   * @default - the file beside the model, `digits.profile.json` for `digits.onnx`, if it is there
   */
  readonly profile?: string | false;

  /**
   * Path of the file that `model-serving interface accept` wrote, relative to the working directory, or false for
   * none. A model that breaks clients of the accepted interface is refused, unless its version has another major part
   * (what stands before the first dot).
   *
   * @default - the file beside the model, `digits.interface.json` for `digits.onnx`, if it is there
   */
  readonly interface?: string | false;

  /**
   * What people should know of the model: it becomes labels of the image, and the server tells it. What is left out
   * here is read from the file's `metadata_props` and `doc_string`; docs/model-card.md says how.
   *
   * @default - what the file says of itself
   */
  readonly card?: ModelCard;

  /**
   * How a picture becomes the model's input, so that clients may send a PNG or JPEG file as it is
   * (docs/preprocessing.md). The image then holds the decoders.
   *
   * @default - clients send tensors
   */
  readonly picture?: PictureInputProps;

  /**
   * Whether to load the model in the runtime at synth, to compare its declared shapes with what it gives, and to run its
   * golden examples: once for each content of the model. `require` refuses a model that does not load or reproduce them,
   * `warn` adds to `warnings` instead, and `skip` does not try. The last two are for machines where onnxruntime does not run, such as Alpine's.
   *
   * @default 'require'
   */
  readonly runtimeCheck?: 'require' | 'warn' | 'skip';
}

/** What was found out about a model. */
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
  readonly endsOnEmptyInput: ModelManifest['endsOnEmptyInput'];
}

/** A trained model that can be served: what it is, and the files that it is made of. */
export class OnnxModel {
  /**
   * Reads an ONNX file (not its weights, which are only hashed), and checks that it can be served.
   *
   * What is expensive to find out is cached by content; CDKTF_MODEL_SERVING_CACHE_DIR names the cache's folder.
   *
   * @param path - of the ONNX file, relative to the working directory; external data is found beside it
   * @throws ModelServingError with everything that is wrong with the model; docs/errors.md lists what can be
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
    const measured = collect(problems, () => readProfile(path, props.profile));
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
    if (measured) problems.push(...checkProfile(path, modelDigest(weights.files), measured));
    const called = { name, signature, picture: pictures?.picture, classes: classes.classes };
    const compared = collect(problems, () =>
      checkInterface(path, props.interface, { ...interfaceOf(called), version }, declared),
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
      profile: measured?.profile,
      endsOnEmptyInput: endingOnEmptyInput(weights.graph.operators, byTrial.trial?.edge?.edge === 'empty'),
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

  /** The model's name in URLs. */
  readonly name: string;

  /** The model's version in URLs. */
  readonly version: string;

  /** What the model takes and gives: as the file declares it, with outputs corrected where a run shows other shapes. */
  readonly signature: Signature;

  /** Inputs and outputs as the file declares them; the same object as `signature` where nothing is corrected. */
  readonly declaredSignature: Signature;

  /**
   * Whether the shapes of outputs were compared with what the model gives, at two sizes of each free dimension, and
   * why not. They are not where `runtimeCheck` is `skip`, and where the model refuses made-up inputs or takes more than
   * 10 s for them.
   */
  readonly signatureProof: SignatureProof;

  /** How a picture becomes the input, if the model takes pictures. */
  readonly picture?: PictureInput;

  /** How the answer becomes a class, if that is declared. */
  readonly classes?: ClassOutput;

  /** The model's identity: the sha256 of its file, or of the listing of its files where there is external data. */
  readonly sha256: string;

  /** Size of the weights: the model file and its external data. */
  readonly sizeBytes: number;

  /** IR version of the file. */
  readonly irVersion: number;

  /** Opset version by domain, such as `{ 'ai.onnx': 17 }`. */
  readonly opsets: Readonly<Record<string, number>>;

  /** Operators that the model uses, sorted: `Conv`, and outside ai.onnx with their domain, `com.microsoft:Gelu`. */
  readonly operators: readonly string[];

  private readonly endsOnEmptyInput: ModelManifest['endsOnEmptyInput'];

  /** The exporter's notes in the file (`metadata_props`). */
  readonly metadata: Readonly<Record<string, string>>;

  /** What made the file, such as `pytorch 2.9.1`; empty if it does not say. */
  readonly producer: string;

  /** The model's namespace in reverse-DNS form, as the file has it; mostly empty. */
  readonly domain: string;

  /** What people say of the model, from `card` and from the file; undefined where neither says anything. */
  readonly card?: ModelCard;

  /** Whether rows of several requests may run as one batch, and where they lie: proved from the graph. */
  readonly batching: BatchingVerdict;

  /**
   * Whether the first dimensions are fixed at 1, and requests could share runs if they were free. `model-serving
   * rebatch` then writes such a model.
   */
  readonly rebatchable: boolean;

  /** Why requests could not share runs if first dimensions of 1 were free; undefined where none is 1, or where they could. */
  readonly rebatchObstacle?: string;

  /** What was measured of it, if anything. */
  readonly profile?: ModelProfile;

  /** Bytes of the largest of its golden examples: the default size of requests follows from it. */
  readonly exampleSizes: ExampleSizes;

  /** False where `runtimeCheck` is `warn`, and the model did not load or reproduce its golden examples, or the runtime does not run here. */
  readonly servable: boolean;

  /** What is odd about the model. */
  readonly warnings: readonly string[];

  /** What an image holds: the model first, then external data, then golden examples if any. */
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
    this.endsOnEmptyInput = facts.endsOnEmptyInput;
    this.metadata = graph.metadata;
    this.producer = graph.producer;
    this.domain = graph.domain;
    this.card = facts.card;
    this.batching = verdictFor(facts.signature, graph.proof.verdict);
    this.rebatchable = graph.proof.ifFreed !== undefined;
    this.rebatchObstacle = graph.proof.refusedIfFreed && obstacleText(graph.proof.refusedIfFreed);
  }

  /** What the image's model.json says. */
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
      endsOnEmptyInput: this.endsOnEmptyInput,
      properties,
      image: picture,
      classes,
    };
  }
}

/** Props by their old names. */
const OLD_PROPS = { image: 'picture', contract: 'interface' };

/** Plain JavaScript, and props that come from a file, give props that the types refuse. */
function checkOldProps(path: string, props: object): Problem[] {
  return Object.entries(OLD_PROPS)
    .filter(([prop]) => props[prop as keyof object] !== undefined)
    .map(([prop, name]) => oldNameErrors.prop(path, prop, name));
}

/** What the graph proves, unless the signature has an untrue declaration that leaves rows no axis. */
function verdictFor({ outputs }: Signature, proved: BatchingVerdict): BatchingVerdict {
  if (proved.verdict !== 'independent') return proved;
  const output = outputs.find(({ dimensions }, i) => {
    const size = dimensions[proved.outputAxes[i]!];
    return size === undefined || typeof size === 'number';
  });
  if (!output) return proved;
  const declared = `output "${output.name}" is declared as ${dimensionsText(output.dimensions)}`;
  return { verdict: 'fixed', reason: `${declared}, with no free axis where its rows are` };
}
