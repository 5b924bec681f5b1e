import { totalmem } from 'node:os';
import type { Configuration } from './configuration';
import {
  budgetFor,
  defaultBudget,
  largestRequestWithin,
  ownMemoryBytes,
  pictureBytes,
  type RequestCost,
} from '../contract/memory';
import { goldenFiles } from '../contract/model-manifest';
import { defaultMaxRequestBytes, exampleSizesOf, requestCost } from '../contract/request-size';

export interface RequestLimits {
  /** Maximum size of a body, in bytes after decompression. */
  readonly maxRequestBytes: number;
  /** Total memory for requests, as planned before the model is loaded. */
  readonly budgetBytes: number;
  /** Memory of the container without requests, estimated from its model. */
  readonly ownBytes: number;
  readonly cost: RequestCost;
}

/**
 * Derives the limits that are not set from the model and the memory. The default of `maxRequestBytes` is reduced if the
 * budget has no room for it, for example because the container's memory was chosen without regard to this default.
 * @param memoryBytes Memory of the container.
 */
export function requestLimits(configuration: Configuration, memoryBytes = memoryLimit()): RequestLimits {
  const { settings, manifest, examples } = configuration;
  const golden = goldenFiles(manifest.files);
  const facts = {
    ...manifest,
    picture: manifest.image,
    maxBatchSize: settings.maxBatchSize,
    exampleSizes: exampleSizesOf(examples, golden),
  };
  const desired = settings.maxRequestBytes ?? defaultMaxRequestBytes(facts);
  const cost = requestCost(facts);
  const needed = budgetFor(desired, settings.maxQueueBytes, cost);
  const ownBytes = ownMemoryBytes(sizeOf(manifest.files) - sizeOf(golden), settings.executors, manifest.image);
  const budgetBytes = settings.requestBudgetBytes ?? defaultBudget(memoryBytes, ownBytes, needed);
  const maxRequestBytes =
    settings.maxRequestBytes ?? Math.min(desired, largestRequestWithin(budgetBytes, { ...cost, answerBytes: 0 }));
  return { maxRequestBytes, budgetBytes, ownBytes, cost };
}

/**
 * Budget for requests, computed once the model is loaded and has run, because the memory that it takes is known only
 * then.
 * @param residentBytes Resident memory of the process without requests.
 * @param limits Limits as determined before the model was loaded.
 */
export function loadedBudget(
  { settings, manifest }: Configuration,
  residentBytes: number,
  { maxRequestBytes, ownBytes, cost }: RequestLimits,
  memoryBytes = memoryLimit(),
): number {
  const own = Math.max(ownBytes, residentBytes + pictureBytes(manifest.image));
  const needed = budgetFor(maxRequestBytes, settings.maxQueueBytes, cost);
  return settings.requestBudgetBytes ?? defaultBudget(memoryBytes, own, needed);
}

/** Memory limit of the container, or the machine's memory if there is no limit. */
function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function sizeOf(files: ReadonlyArray<{ readonly sizeBytes: number }>): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
