import type { ExpectedModel } from '../terraform/serving-environment';
import { Image } from '@cdktf/provider-docker/lib/image';
import { Annotations, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { declarationText } from '../../inference-image/src/contract/model-declaration';
import type { Model } from '../model/model';
import { ModelServingError } from '../base/errors';
import { checkProps, model, Problems, type PropKinds, required, text } from '../terraform/props';
import { checkContext } from './context-problems';
import { imageErrors } from './errors';
import { isReference } from './image-reference';
import { DEFAULT_NODE_PATH } from './dockerfile';
import { DEFAULT_PLATFORM, type ImagePlatform } from '../base/server-files';

/** An image that serves a model: built in this app, or found in a registry. */
export interface ModelImage {
  readonly model: Model;
  readonly platform: ImagePlatform;
  /** Path of node in the image. */
  readonly nodePath: string;
  /** The model that a container must find in the image to become ready. */
  readonly expected: ExpectedModel;
  /**
   * Reference to the image: with a digest, with a tag, or an image id that is known only to the engine that built the
   * image.
   */
  readonly reference: string;
  /** Whether other machines can pull the image. */
  readonly isInRegistry: boolean;
  /**
   * Returns the image's id on the Docker engine of `provider`. If this engine must pull the image, a resource in
   * `scope` pulls it.
   */
  engineImageId(scope: Construct, provider?: TerraformProvider): string;
}

export interface RegistryModelImageProps {
  /**
   * The model that the image must contain. The container does not become ready if the weights, name, version, golden
   * examples, or declaration of pictures or classes differ.
   */
  readonly model: Model;
  /** @default 'linux/amd64' */
  readonly platform?: ImagePlatform;
  /** @default '/usr/local/bin/node' */
  readonly nodePath?: string;
}

/** Types of the props, checked at run time for users without TypeScript. */
const REGISTRY_PROPS: PropKinds<RegistryModelImageProps> = { model: required(model), platform: text, nodePath: text };

/** An image that was built elsewhere from the build context that `model-serving context` writes. */
export class RegistryModelImage implements ModelImage {
  readonly model: Model;
  readonly platform: ImagePlatform;
  readonly nodePath: string;
  readonly isInRegistry = true;
  readonly expected: ExpectedModel;

  /** @throws ModelServingError with all invalid props */
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

/** Pulls an image in `scope`. */
export function pulledImageId(
  scope: Construct,
  { reference: name, platform }: ModelImage,
  provider?: TerraformProvider,
): string {
  return new Image(scope, 'pulled-image', { provider, name, platform, keepLocally: true }).imageId;
}
