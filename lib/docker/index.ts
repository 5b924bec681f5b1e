export { ContainerizedModel, type ContainerizedModelProps } from './containerized-model';
export type { Hardening } from './hardening';
export type { LogRotation } from './log-rotation';
export type { Sizing } from '../profile/sizing';
export { InferenceImage, type ImageOptions, type InferenceImageProps } from '../image/inference-image';
export {
  type ExpectedModel,
  type ModelImage,
  RegistryModelImage,
  type RegistryModelImageProps,
} from '../image/model-image';
export type { ImagePlatform } from '../image/platform';
export type { ServingOptions } from '../serving-options';
