import type { Holding } from '../budget/memory-budget';
import type { Codec } from '../codec/codec';
import type { ModelManifest } from '../contract/model-manifest';
import type { ClassOutput } from '../contract/picture-input';
import { classAnswer } from '../protocol/class-answer';
import type { InferResponse } from '../protocol/infer-response';
import type { InferRequest } from '../protocol/request';
import type { Tensor } from '../tensor/tensor';

/** Form of the answers of a path. One object serves all requests. */
export interface AnswerForm {
  /** Returns the request to run. Throws before the run if its outputs cannot be encoded in this form. */
  prepare(infer: InferRequest): InferRequest;

  /**
   * Encodes an answer.
   * @param infer Request that `prepare` returned.
   * @param holding Memory of the request.
   */
  encode(infer: InferRequest, outputs: readonly Tensor[], holding: Holding): InferResponse | Promise<InferResponse>;
}

/** The outputs that the request asks for, in the protocol's form. */
export class TensorAnswers implements AnswerForm {
  constructor(private readonly codec: Codec) {}

  prepare(infer: InferRequest): InferRequest {
    this.codec.assertEncodable(infer);
    return infer;
  }

  encode(infer: InferRequest, outputs: readonly Tensor[], holding: Holding): InferResponse | Promise<InferResponse> {
    return this.codec.encode(infer, outputs, holding);
  }
}

/** Only the class, whatever outputs the request asks for. */
export class ClassAnswers implements AnswerForm {
  constructor(
    private readonly model: ModelManifest,
    private readonly classes: ClassOutput,
  ) {}

  prepare(infer: InferRequest): InferRequest {
    return { ...infer, outputs: [this.classes.output], binary: [false] };
  }

  encode(_infer: InferRequest, [output]: readonly Tensor[]): InferResponse {
    return { body: JSON.stringify(classAnswer(this.model, this.classes, output as Tensor)) };
  }
}
