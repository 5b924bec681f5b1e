import {
  budgetFor,
  defaultBudget,
  leastBudgetFor,
  memoryForBudget,
  type RequestCost,
} from '../../inference-image/src/contract/memory';
import { defaultMaxRequestBytes, requestCost } from '../../inference-image/src/contract/request-size';
import type { Model } from '../model/model';

/** Options that determine the memory for requests. */
export interface RequestChoices {
  readonly maxBatchSize?: number;
  readonly maxRequestBytes?: number;
  readonly maxQueueBytes?: number;
  readonly requestBudgetBytes?: number;
}

/** Properties of a model that determine its largest request. */
export type RequestModel = Pick<Model, 'signature' | 'batching' | 'picture' | 'exampleSizes'>;

/** What determines the budget: an option, or `answer` for the answer to one row. */
type Decisive = 'maxRequestBytes' | 'maxQueueBytes' | 'requestBudgetBytes' | 'answer';

/** Memory that requests need in a replica. */
export interface RequestNeeds {
  readonly maxRequestBytes: number;
  readonly cost: RequestCost;
  /** Minimum budget: it holds the largest request, the answer to one row, and all requests that may wait. */
  readonly leastBudgetBytes: number;
  /** Budget that must fit into memory if `requestBudgetBytes` is not set: `leastBudgetBytes`, but at least 32 MiB. */
  readonly defaultBudgetBytes: number;
  /** Budget that must fit into memory: `requestBudgetBytes` if it is set, otherwise `defaultBudgetBytes`. */
  readonly budgetBytes: number;
  /** What determines `leastBudgetBytes`. */
  readonly reason: Exclude<Decisive, 'requestBudgetBytes'>;
  /** What determines `budgetBytes`. */
  readonly decisive: Decisive;
}

/**
 * Computes the memory for requests. Options that are Terraform tokens or invalid numbers are treated as not set;
 * invalid numbers are reported elsewhere.
 */
export function requestNeeds(model: RequestModel, choices: RequestChoices): RequestNeeds {
  const { maxBatchSize, maxQueueBytes, requestBudgetBytes, ...given } = validChoices(choices);
  const maxRequestBytes = given.maxRequestBytes ?? defaultMaxRequestBytes({ ...model, maxBatchSize });
  const cost = requestCost(model);
  const defaultBudgetBytes = budgetFor(maxRequestBytes, maxQueueBytes, cost);
  const forOne = leastBudgetFor(maxRequestBytes, cost);
  const isForAnswer = forOne > leastBudgetFor(maxRequestBytes, { ...cost, answerBytes: 0 });
  const isForQueue = defaultBudgetBytes > budgetFor(maxRequestBytes, 0, cost);
  const reason = isForQueue ? 'maxQueueBytes' : isForAnswer ? 'answer' : 'maxRequestBytes';
  return {
    maxRequestBytes,
    cost,
    leastBudgetBytes: isForQueue ? defaultBudgetBytes : forOne,
    defaultBudgetBytes,
    budgetBytes: requestBudgetBytes ?? defaultBudgetBytes,
    reason,
    decisive: requestBudgetBytes === undefined ? reason : 'requestBudgetBytes',
  };
}

/** Computes the budget that the server derives from its memory, in bytes. */
export function budgetOf(model: RequestModel, choices: RequestChoices, memoryBytes: number, ownBytes: number): number {
  const { defaultBudgetBytes } = requestNeeds(model, choices);
  return validChoices(choices).requestBudgetBytes ?? defaultBudget(memoryBytes, ownBytes, defaultBudgetBytes);
}

/** Memory for requests, in bytes. */
export function requestMemoryBytes(model: RequestModel, choices: RequestChoices): number {
  return memoryForBudget(requestNeeds(model, choices).budgetBytes);
}

function validChoices({
  maxBatchSize,
  maxRequestBytes,
  maxQueueBytes,
  requestBudgetBytes,
}: RequestChoices): RequestChoices {
  return {
    maxBatchSize: validOrUndefined(maxBatchSize),
    maxRequestBytes: validOrUndefined(maxRequestBytes),
    maxQueueBytes: validOrUndefined(maxQueueBytes),
    requestBudgetBytes: validOrUndefined(requestBudgetBytes),
  };
}

/** Returns a valid number. A Terraform token in place of a number is a negative number. */
function validOrUndefined(value: number | undefined): number | undefined {
  return Number.isInteger(value) && (value as number) > 0 ? value : undefined;
}
