import { Image } from '@cdktf/provider-docker/lib/image';
import { Annotations, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { declarationText } from '../../inference-image/src/contract/model-declaration';
import type { OnnxModel } from '../model/onnx-model';
import { ModelServingError } from '../errors';
import { Problems } from '../problems';
import { checkProps, model, type PropKinds, required, text } from '../props';
import { checkContext } from './context-problems';
import { imageErrors } from './errors';
import { isReference } from './image-reference';
import { DEFAULT_NODE_PATH } from './dockerfile';
import { DEFAULT_PLATFORM, type ImagePlatform } from './platform';

/** What makes a container refuse any other model. */
export interface ExpectedModel {
  /** Digest of the weights. */
  readonly expectedSha256: string;
  /** What the image must say of them besides; undefined where that follows from the plan. */
  readonly expectedDeclaration?: string;
}

/** An image that serves a model: built in this app, or found in a registry. */
export interface ModelImage {
  readonly model: OnnxModel;
  readonly platform: ImagePlatform;
  /** Where the image keeps node. */
  readonly nodePath: string;
  /** What a container of it must have, or it never becomes ready. */
  readonly expected: ExpectedModel;
  /** What a cluster pulls: a digest, a tag, or an image id that only the engine that built it knows. */
  readonly reference: string;
  /** Whether other machines can pull it. */
  readonly isInRegistry: boolean;
  /** The image's id on the Docker engine of `provider`, pulled in `scope` if need be. */
  engineImageId(scope: Construct, provider?: TerraformProvider): string;
}

export interface RegistryModelImageProps {
  /**
   * The model that the image holds. Its container refuses to become ready with other weights, another name or version,
   * or other golden examples, pictures or classes.
   */
  readonly model: OnnxModel;
  /** @default 'linux/amd64' */
  readonly platform?: ImagePlatform;
  /** @default '/usr/local/bin/node' */
  readonly nodePath?: string;
}

/** What callers without a compiler may give. */
const REGISTRY_PROPS: PropKinds<RegistryModelImageProps> = { model: required(model), platform: text, nodePath: text };

/** An image that was built elsewhere, from the same context: `model-serving context MODEL --out DIR`. */
export class RegistryModelImage implements ModelImage {
  readonly model: OnnxModel;
  readonly platform: ImagePlatform;
  readonly nodePath: string;
  readonly isInRegistry = true;
  readonly expected: ExpectedModel;

  /** @throws ModelServingError with everything that is wrong */
  constructor(
    readonly reference: string,
    props: RegistryModelImageProps,
  ) {
    checkProps('InferenceImage.fromRegistry', props, REGISTRY_PROPS);
    const problems = new Problems();
    problems.check(reference, isReference, imageErrors.referenceInvalid);
    checkContext('InferenceImage.fromRegistry', props, problems);
    ModelServingError.throwIfAny(problems.list);
    this.model = props.model;
    this.expected = {
      expectedSha256: props.model.sha256,
      expectedDeclaration: declarationText(props.model.manifest()),
    };
    this.platform = props.platform ?? DEFAULT_PLATFORM;
    this.nodePath = props.nodePath ?? DEFAULT_NODE_PATH;
  }

  engineImageId(scope: Construct, provider?: TerraformProvider): string {
    for (const warning of this.model.warnings) Annotations.of(scope).addWarning(warning);
    return pulledImageId(scope, this, provider);
  }
}

/** Pulls an image's reference, in `scope`. */
export function pulledImageId(
  scope: Construct,
  { reference: name, platform }: ModelImage,
  provider?: TerraformProvider,
): string {
  return new Image(scope, 'pulled-image', { provider, name, platform, keepLocally: true }).imageId;
}
