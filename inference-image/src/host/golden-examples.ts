import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenExample, GoldenRequest, GoldenTensor } from '../contract/golden';
import type { PictureInput } from '../contract/picture-input';
import type { Signature } from '../contract/signature';
import { MemoryBudget } from '../budget/memory-budget';
import { messageOf } from '../base/errors';
import { PictureReader } from '../pictures/picture-reader';
import { PictureThread } from '../pictures/picture-thread';
import type { GoldenRun } from '../inference/golden-check';
import type { Tensor, TensorData, TensorHeader } from '../tensor/tensor';
import { decodeBinaryData } from '../protocol/binary-data';
import type { InferRequest } from '../protocol/request';
import { InferRequestDecoder } from '../protocol/infer-request';
import { decodeJsonData } from '../json/json-data';

/** Converts golden examples to runs, using the code that reads clients' requests. */
export class GoldenExamples {
  private readonly decoder: InferRequestDecoder;
  private pictures?: PictureReader;

  /** @param model Signature of the model, and its conversion of pictures if it accepts them. */
  constructor(private readonly model: { readonly signature: Signature; readonly picture: PictureInput | undefined }) {
    this.decoder = new InferRequestDecoder(model.signature);
  }

  /**
   * @throws If the model does not accept the example's request.
   * @param folder Folder of golden.json, to which the paths of files are relative.
   */
  async run(example: GoldenExample, folder: string): Promise<GoldenRun> {
    const { name, response, tolerance } = example;
    const outputs = response.outputs.map((output) => output.name);
    const inputs = await this.inputs(example, folder);
    const expected = response.outputs.map((output) => {
      const data = decodeData(output, elementsOf(output, folder));
      return { ...output, data, tolerance: { ...tolerance, ...output.tolerance } };
    });
    return { name, makeRun: () => ({ inputs: structuredClone(inputs), outputs }), expected };
  }

  /** Inputs of an example's request. */
  async inputs({ request, picture, response }: GoldenExample, folder: string): Promise<readonly Tensor[]> {
    if (picture !== undefined) return (await this.picture(picture, folder)).inputs;
    const outputs = response.outputs.map(({ name }) => ({ name }));
    return this.request({ ...(request as GoldenRequest), outputs }, folder).inputs;
  }

  request(request: GoldenRequest, folder: string): InferRequest {
    const inputs = request.inputs.map((input) => ({ ...input, data: elementsOf(input, folder) }));
    return this.decoder.read({ ...request, inputs }, undefined, decodeData);
  }

  async picture(file: string, folder = ''): Promise<InferRequest> {
    const { picture, signature } = this.model;
    if (!picture) throw new Error(`its request is the picture ${file}, but the model declares no picture input`);
    // Golden examples have a separate reader, because clients' pictures would delay them.
    this.pictures ??= new PictureReader({
      spec: picture,
      outputs: signature.outputs,
      startThread: () => new PictureThread(picture),
      maxQueueLength: Infinity,
      maxQueueBytes: Infinity,
      queueTimeoutSeconds: Infinity,
    });
    try {
      return await this.pictures.decode(
        readFileSync(join(folder, file)),
        () => false,
        new MemoryBudget(Infinity).open(),
      );
    } catch (error) {
      throw new Error(`its request is the picture ${file}, which is refused: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Stops the thread that decodes pictures, if it was started. */
  async close(): Promise<void> {
    await this.pictures?.close();
    this.pictures = undefined;
  }
}

function elementsOf({ data, file }: Pick<GoldenTensor, 'data' | 'file'>, folder: string): unknown {
  return file === undefined ? data : readFileSync(join(folder, file));
}

function decodeData(header: TensorHeader, data: unknown): TensorData {
  return Buffer.isBuffer(data) ? decodeBinaryData(header, data) : decodeJsonData(header, data);
}
