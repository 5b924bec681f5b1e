import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { MAX_IR_VERSION, MAX_OPSETS, RUNTIME_VERSION } from '../../lib/model/runtime-limits';
import { identity, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const valid = identity('float', ['n', 4]);

async function loads(parts: Partial<ModelParts>): Promise<boolean> {
  const path = writeOnnxModel(join(folder, 'm.onnx'), { ...valid, ...parts });
  try {
    const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    await session.release();
    return true;
  } catch {
    return false;
  }
}

test('the limits are those of the version that the package depends on', () => {
  expect(RUNTIME_VERSION).toBe('1.30.0');
});

test('IR version', async () => {
  expect(await loads({ irVersion: MAX_IR_VERSION })).toBe(true);
  expect(await loads({ irVersion: MAX_IR_VERSION + 1 })).toBe(false);
});

test.each(Object.entries(MAX_OPSETS))('opset of %s', async (domain, newest) => {
  const opsets = (version: number) => (domain === 'ai.onnx' ? { '': version } : { '': 17, [domain]: version });
  expect(await loads({ opsets: opsets(newest) })).toBe(true);
  expect(await loads({ opsets: opsets(newest + 1) })).toBe(false);
});
