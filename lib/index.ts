export { ModelServingError, type Problem } from './base/errors';
export type { SignatureProof } from './model/declared-signature';
export type { Model } from './model/model';
export type { ModelCard } from './model/model-card';
export type { SourceFile } from './base/source-file';
export { OnnxModel } from './onnx-model/onnx-model';
export type { OnnxModelProps } from './onnx-model/onnx-model-props';
export type { ClassOutputProps } from './preprocessing/class-output';
export type { PictureInputProps } from './preprocessing/picture-input';
export type {
  Machine,
  MeasuredMemory,
  MeasuredRun,
  MeasuredService,
  MeasuredSize,
  MeasuredStart,
  ModelProfile,
} from './profile/model-profile';
export type { BatchingVerdict } from '../inference-image/src/contract/batching-verdict';
export type { ClassOutput, PictureInput } from '../inference-image/src/contract/picture-input';
export type { ExampleSizes } from '../inference-image/src/contract/request-size';
export type { Datatype, Dimension, Signature, TensorSignature } from '../inference-image/src/contract/signature';
