export { ModelServingError, type Problem } from './errors';
export { OnnxModel, type OnnxModelProps } from './model/onnx-model';
export type { Datatype, Dimension, Signature, TensorSignature } from '../inference-image/src/contract/signature';
