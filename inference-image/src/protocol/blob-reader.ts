import type { Holding } from '../budget/holding';
import { invalid } from '../base/errors';
import type { NumericData, TensorHeader } from '../tensor/tensor';
import { checkBinaryData, copyBinaryData } from './binary-data';
import { describe } from '../base/fields';
import type { PackedTexts } from '../tensor/packed-texts';

/** Reads the binary data that follows a request's JSON, in the order of its inputs. */
export class BlobReader {
  constructor(
    private readonly body: Buffer,
    private at: number,
    private readonly holding?: Holding,
  ) {}

  /**
   * Checks the next input's binary data.
   * @param size The input's `binary_data_size`, as sent by the client.
   * @returns A function that copies the data.
   */
  read(header: TensorHeader, size: unknown): () => NumericData | PackedTexts {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(`binary_data_size is ${describe(size)}; it must be a number of bytes`);
    }
    const left = this.body.length - this.at;
    if (size > left) throw invalid(`binary_data_size is ${size}, but the body has only ${left} bytes left`);
    const bytes = this.body.subarray(this.at, this.at + size);
    this.at += size;
    checkBinaryData(header, bytes);
    return () => copyBinaryData(header, bytes, this.holding);
  }

  finish(): void {
    const left = this.body.length - this.at;
    if (left > 0)
      throw invalid(
        `the body has ${left} bytes after its JSON and the binary data of its inputs; remove them, or correct binary_data_size`,
      );
  }
}
