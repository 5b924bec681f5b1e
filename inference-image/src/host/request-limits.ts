import { totalmem } from 'node:os';
import type { Configuration } from '../configuration';
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
  /** Largest body, after decompression. */
  readonly maxRequestBytes: number;
  /** Memory for all requests together, before the model is loaded. */
  readonly budgetBytes: number;
  /** What the container takes without any request, as far as its model tells. */
  readonly ownBytes: number;
  readonly cost: RequestCost;
}

/**
 * Limits that follow from the model and from the memory, where they are not set. The default of the largest request is
 * lower where the budget has no room for it, as in a container that was planned without it.
 * @param memoryBytes Of the container.
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
  const wanted = settings.maxRequestBytes ?? defaultMaxRequestBytes(facts);
  const cost = requestCost(facts);
  const needed = budgetFor(wanted, settings.maxQueueBytes, cost);
  const ownBytes = ownMemoryBytes(sizeOf(manifest.files) - sizeOf(golden), settings.executors, manifest.image);
  const budgetBytes = settings.requestBudgetBytes ?? defaultBudget(memoryBytes, ownBytes, needed);
  const maxRequestBytes =
    settings.maxRequestBytes ?? Math.min(wanted, largestRequestWithin(budgetBytes, { ...cost, answerBytes: 0 }));
  return { maxRequestBytes, budgetBytes, ownBytes, cost };
}

/**
 * The budget that is left once the model is loaded and has run.
 * @param residentBytes What the process takes without any request.
 * @param limits As they were before.
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

/** The container's, or else the machine's. */
function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function sizeOf(files: ReadonlyArray<{ readonly sizeBytes: number }>): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
