import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Image } from '@cdktf/provider-docker/lib/image';
import { RegistryImage } from '@cdktf/provider-docker/lib/registry-image';
import {
  Annotations,
  Fn,
  type IResolvable,
  type ISynthesisSession,
  TerraformStack,
  Token,
  type TerraformProvider,
} from 'cdktf';
import { addCustomSynthesis } from 'cdktf/lib/synthesize/synthesizer';
import { Construct } from 'constructs';
import { ModelServingError, type Problem } from '../base/errors';
import type { Model } from '../model/model';
import { any, checkProps, model, object, Problems, type PropKinds, required, text } from '../terraform/props';
import { BuildContext } from './build-context';
import { checkContext } from './context-problems';
import { DEFAULT_BASE_IMAGE, DEFAULT_NODE_PATH } from './dockerfile';
import { imageErrors } from './errors';
import { isMusl, isPinned, isReference, isRepository, repositoryComponent } from './image-reference';
import { type ModelImage, pulledImageId, RegistryModelImage, type RegistryModelImageProps } from './model-image';
import { type ExpectedModel } from '../terraform/serving-environment';
import { DEFAULT_PLATFORM, type ImagePlatform } from '../base/server-files';

/** Options for building an image, independent of the model. */
export interface ImageOptions {
  /**
   * Repository to push to, without a tag: `registry.example.com/ml/digits`.
   * @default - the image is named after the model and stays on the engine that builds it
   */
  readonly repository?: string;
  /**
   * Base image with glibc and Node 20 or newer, by tag or digest.
   * @default 'node:24-bookworm-slim'
   */
  readonly baseImage?: string;
  /**
   * Path of node in the base image, such as `/nodejs/bin/node` on distroless.
   * @default '/usr/local/bin/node'
   */
  readonly nodePath?: string;
  /** @default 'linux/amd64' */
  readonly platform?: ImagePlatform;
  /**
   * Name of the buildx builder. With `''`, the provider uses the engine's build endpoint, which receives the whole
   * context each time and fails on engines with the containerd image store.
   * @default 'default'
   */
  readonly builder?: string;
  /**
   * Whether to keep the image on the engine when its resource is destroyed. A container may still be running it.
   * @default true
   */
  readonly keepLocally?: boolean;
  /**
   * Whether to keep the image in the registry when its resource is destroyed. A running pod may have to pull it again.
   * @default true
   */
  readonly keepRemotely?: boolean;
  /**
   * Whether to accept any certificate from the registry, for example a self-signed one.
   * @default false
   */
  readonly insecureSkipVerify?: boolean | IResolvable;
  /** @default - the stack's Docker provider */
  readonly provider?: TerraformProvider;
}

export interface InferenceImageProps extends ImageOptions {
  readonly model: Model;
}

/** Types of the props, checked at run time for users without TypeScript. */
const IMAGE_PROPS: PropKinds<InferenceImageProps> = {
  model: required(model),
  repository: text,
  baseImage: text,
  nodePath: text,
  platform: text,
  builder: text,
  keepLocally: any,
  keepRemotely: any,
  insecureSkipVerify: any,
  provider: object,
};

/**
 * Builds the image that serves a model, and pushes it if a repository is set. The build copies files but runs no
 * commands, so it takes seconds and needs no network except for the base image.
 */
export class InferenceImage extends Construct implements ModelImage {
  /**
   * Refers to an image that was built elsewhere. Use this if Terraform runs without a Docker engine.
   * @throws ModelServingError with all invalid props
   */
  static fromRegistry(reference: string, props: RegistryModelImageProps): RegistryModelImage {
    return new RegistryModelImage(reference, props);
  }

  readonly model: Model;
  readonly platform: ImagePlatform;
  readonly nodePath: string;
  /** `docker_image` */
  readonly image: Image;
  /** `docker_registry_image`, if a repository is set. */
  readonly registryImage?: RegistryImage;
  /** sha256 of the build context and the base image. The image is built again only if this hash changes. */
  readonly contentHash: string;

  private readonly context: BuildContext;
  private readonly repository?: string;
  private readonly provider?: TerraformProvider;

  /** @throws ModelServingError with all invalid props */
  constructor(scope: Construct, id: string, props: InferenceImageProps) {
    super(scope, id);
    checkProps(this.node.path, props, IMAGE_PROPS);
    const { model, repository, provider, keepLocally = true, keepRemotely = true, builder = 'default' } = props;
    const { baseImage = DEFAULT_BASE_IMAGE, nodePath = DEFAULT_NODE_PATH, platform = DEFAULT_PLATFORM } = props;
    ModelServingError.throwIfAny(problemsOf(this.node.path, props));
    if (props.baseImage !== undefined && !Token.isUnresolved(baseImage) && !isPinned(baseImage)) {
      Annotations.of(this).addWarning(
        `baseImage "${baseImage}" is not pinned: the same plan may build a different image later. Append its digest (@sha256:…).`,
      );
    }

    for (const warning of model.warnings) Annotations.of(this).addWarning(warning);
    this.model = model;
    this.repository = repository;
    this.provider = provider;
    this.platform = platform;
    this.nodePath = nodePath;
    this.context = BuildContext.of({ model, platform, nodePath });
    this.contentHash = hashOf(this.context.hash, baseImage);
    const triggers = { content: this.contentHash };

    this.image = new Image(this, 'image', {
      provider,
      name: `${repository ?? repositoryComponent(model.name)}:${prefix(this.contentHash)}`,
      buildAttribute: {
        context: this.contextPath,
        // With a builder, the provider resolves this path against Terraform's working directory. The same path works without a
        // builder.
        dockerfile: `${this.contextPath}/Dockerfile`,
        buildArgs: { BASE_IMAGE: baseImage },
        platform,
        builder: builder || undefined,
      },
      triggers,
      keepLocally,
    });
    if (repository !== undefined) {
      this.registryImage = new RegistryImage(this, 'registry-image', {
        provider,
        name: this.image.name,
        triggers,
        keepRemotely,
        insecureSkipVerify: props.insecureSkipVerify,
      });
    }
    addCustomSynthesis(this, { onSynthesize: (session) => this.stage(session) });
  }

  /** Reference to the image: `repository@sha256:…` if it is pushed, otherwise its id on the engine. */
  get reference(): string {
    return this.registryImage ? `${this.repository}@${this.registryImage.sha256Digest}` : this.image.imageId;
  }

  /** The container checks only the sha256 of the weights, because the same plan builds the image. */
  get expected(): ExpectedModel {
    return { expectedSha256: this.model.sha256 };
  }

  get isInRegistry(): boolean {
    return this.registryImage !== undefined;
  }

  /** A different provider may connect to a different engine, which must pull the pushed image. */
  engineImageId(scope: Construct, provider?: TerraformProvider): string {
    if (!this.registryImage || provider === this.provider) return this.image.imageId;
    return pulledImageId(scope, this, provider);
  }

  /**
   * Path of the build context. It is relative to Terraform's working directory, so that the plan is the same on every
   * machine.
   */
  private get contextPath(): string {
    return `assets/${TerraformStack.of(this).getLogicalId(this.node)}/${this.context.hash}`;
  }

  private stage(session: ISynthesisSession): void {
    const { workingDirectory } = session.manifest.forStack(TerraformStack.of(this));
    const folder = join(session.outdir, workingDirectory, this.contextPath);
    rmSync(dirname(folder), { recursive: true, force: true });
    this.context.stage(folder);
  }
}

function problemsOf(path: string, props: InferenceImageProps): Problem[] {
  const problems = new Problems();
  const { baseImage, repository } = props;
  problems.check(baseImage, isReference, (value) => imageErrors.baseImageInvalid(path, value));
  problems.check(
    baseImage,
    (value) => !isMusl(value),
    (value) => imageErrors.baseImageMusl(path, value),
  );
  problems.check(repository, isRepository, (value) => imageErrors.repositoryInvalid(path, value));
  checkContext(path, props, problems);
  return problems.list;
}

/** sha256 of the parts, joined with spaces. Terraform computes the hash if a part is a token. */
function hashOf(...parts: string[]): string {
  if (parts.some(Token.isUnresolved)) return Fn.sha256(Fn.join(' ', parts));
  return createHash('sha256').update(parts.join(' ')).digest('hex');
}

/** Prefix of a hash, for use in a tag. */
function prefix(hash: string): string {
  return Token.isUnresolved(hash) ? Fn.substr(hash, 0, 16) : hash.slice(0, 16);
}
