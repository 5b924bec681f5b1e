import { inMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';

/** MiB a second of a disk that nobody envies. */
const COLD_DISK_MIB = 20;

/** How long a start may take, in seconds: ten times what it took when it was measured, and the weights from a cold disk. */
export function startupBudget(readySeconds: number, { sizeBytes }: Pick<OnnxModel, 'sizeBytes'>): number {
  return Math.max(30, Math.ceil(10 * readySeconds + inMiB(sizeBytes) / COLD_DISK_MIB));
}
