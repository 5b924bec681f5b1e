import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Configuration } from '../configuration';
import { MIN_BUDGET_BYTES, RUNTIME_MEMORY_BYTES, budgetWithin } from '../contract/memory';
import { goldenFiles } from '../contract/model-manifest';
import { defaultMaxRequestBytes } from '../contract/request-size';
import { DEFAULT_MAX_BATCH_SIZE } from '../contract/settings';

/** Part of V8's heap that requests may fill: texts and parsed JSON live there. */
const HEAP_SHARE = 1 / 2;

export interface RequestLimits {
  /** Largest body, after decompression. */
  readonly maxRequestBytes: number;
  /** Memory for all requests together, before the model is loaded. */
  readonly budgetBytes: number;
}

/** What is not set follows from the model and from the container's memory. */
export function requestLimits({ settings, manifest, examples }: Configuration): RequestLimits {
  const { signature, image } = manifest;
  const maxRequestBytes =
    settings.maxRequestBytes ??
    defaultMaxRequestBytes({
      signature,
      rows: settings.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE,
      examples: examples.map(({ request }) => request?.inputs ?? []),
      takesPictures: image !== undefined,
    });
  const goldenBytes = sizeOf(goldenFiles(manifest.files));
  const weights = settings.executors * (sizeOf(manifest.files) - goldenBytes);
  return { maxRequestBytes, budgetBytes: settings.requestBudgetBytes ?? budget(RUNTIME_MEMORY_BYTES + weights) };
}

/**
 * The budget that is left once the model is loaded.
 * @param residentBytes What the process takes without any request.
 * @param limits As they were before.
 */
export function loadedBudget(
  { settings }: Configuration,
  residentBytes: number,
  { budgetBytes }: RequestLimits,
): number {
  return settings.requestBudgetBytes ?? Math.min(budgetBytes, budget(residentBytes));
}

function budget(ownBytes: number): number {
  const within = budgetWithin(memoryLimit(), ownBytes);
  return Math.max(MIN_BUDGET_BYTES, Math.min(within, HEAP_SHARE * getHeapStatistics().heap_size_limit));
}

/** The container's, or else the machine's. */
function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function sizeOf(files: ReadonlyArray<{ readonly sizeBytes: number }>): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
