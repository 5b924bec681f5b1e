import type { ModelCard } from '../model/model-card';
import type { ClassOutputProps } from '../preprocessing/class-output';
import type { PictureInputProps } from '../preprocessing/picture-input';

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
