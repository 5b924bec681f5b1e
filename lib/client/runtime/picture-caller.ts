import { Caller } from './caller';
import type { InferBody } from './infer-request';
import { isPicture, pictureBody } from './picture';
import type { TensorSpec } from './tensors';

/** Caller for models that accept pictures as well as tensors. */
export class PictureCaller extends Caller {
  protected override encode(input: object, outputs: readonly TensorSpec[]): (remaining: number) => InferBody {
    if (!isPicture(input)) return super.encode(input, outputs);
    const body = pictureBody(input);
    return () => body;
  }
}
