import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { GoldenExample, GoldenTensor } from '../../../inference-image/src/contract/golden';
import { LocalServer } from '../../../lib/local/local-server';
import { LocalStage } from '../../../lib/local/local-stage';
import { OnnxModel } from '../../../lib/onnx-model/onnx-model';

/** A converted model, served by the server of its image. */
export class ServedModel {
  static async start(path: string, golden?: string): Promise<ServedModel> {
    const model = OnnxModel.fromFile(path, { golden });
    const stage = LocalStage.of(model);
    const ports = { host: '127.0.0.1', httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
    const server = LocalServer.start(stage, ports, 'pipe');
    try {
      const httpPort = await readyOn(server.output[0]!);
      return new ServedModel(`http://127.0.0.1:${httpPort}/v2/models/${model.name}/infer`, server, stage);
    } catch (error) {
      await end(server, stage);
      throw error;
    }
  }

  private constructor(
    private readonly url: string,
    private readonly server: LocalServer,
    private readonly stage: LocalStage,
  ) {}

  async infer(request: unknown): Promise<{ status: number; body: any }> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    return { status: response.status, body: await response.json() };
  }

  stop(): Promise<void> {
    return end(this.server, this.stage);
  }
}

async function end(server: LocalServer, stage: LocalStage): Promise<void> {
  server.stop();
  await server.exited;
  stage.remove();
}

/** Waits until the server serves the model, and returns its port. */
async function readyOn(log: Readable): Promise<number> {
  let port = 0;
  for await (const text of createInterface(log)) {
    const line = JSON.parse(text);
    if (line.msg === 'listening') port = line.httpPort;
    if (line.msg === 'ready') return port;
    if (line.msg === 'the model is not served') throw new Error(text);
  }
  throw new Error('the server exited');
}

/** Golden example whose request is not a picture. */
export type RequestExample = GoldenExample & Pick<Required<GoldenExample>, 'request'>;

/** Splits an example of several rows into examples of one row. */
export function rowsOf({ request, response, ...rest }: RequestExample): RequestExample[] {
  const rows = request.inputs[0]!.shape[0]!;
  const row = (tensor: GoldenTensor, index: number): GoldenTensor => {
    const each = tensor.data!.length / rows;
    const data = tensor.data!.slice(index * each, (index + 1) * each);
    return { ...tensor, shape: [1, ...tensor.shape.slice(1)], data };
  };
  return Array.from({ length: rows }, (_, index) => ({
    ...rest,
    request: { inputs: request.inputs.map((tensor) => row(tensor, index)) },
    response: { outputs: response.outputs.map((tensor) => row(tensor, index)) },
  }));
}

/**
 * Compares answers with a golden example, and returns the largest difference between floats as a fraction of the
 * allowed difference. Values that are not floats must be equal.
 */
export function compare(answered: GoldenTensor[], { response, tolerance }: GoldenExample): number {
  const shares = response.outputs.flatMap(({ name, datatype, shape, data }) => {
    const got = answered.find((tensor) => tensor.name === name)!;
    expect({ ...got, data: undefined }).toEqual({ name, datatype, shape, data: undefined });
    if (!datatype.startsWith('FP')) {
      expect(got.data).toEqual(data);
      return [];
    }
    const floats = got.data as number[];
    expect(floats).toHaveLength(data!.length);
    return (data as number[]).map(
      (value, index) => Math.abs(floats[index]! - value) / (tolerance.absolute + tolerance.relative * Math.abs(value)),
    );
  });
  return Math.max(...shares);
}
