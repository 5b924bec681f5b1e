import { Token } from 'cdktf';
import {
  budgetFor,
  defaultBudget,
  leastBudgetFor,
  memoryForBudget,
  type RequestCost,
} from '../inference-image/src/contract/memory';
import { defaultMaxRequestBytes, requestCost } from '../inference-image/src/contract/request-size';
import type { OnnxModel } from './model/onnx-model';

/** Options that decide how much memory requests need. */
export interface RequestChoices {
  readonly maxBatchSize?: number;
  readonly maxRequestBytes?: number;
  readonly maxQueueBytes?: number;
  readonly requestBudgetBytes?: number;
}

/** What the largest request of a model follows from. */
export type RequestModel = Pick<OnnxModel, 'signature' | 'batching' | 'picture' | 'exampleSizes'>;

/** What decides about the budget: an option, or the answer to one row. */
type Decisive = 'maxRequestBytes' | 'maxQueueBytes' | 'requestBudgetBytes' | 'answer';

/** What requests may take of a replica's memory. */
export interface RequestNeeds {
  readonly maxRequestBytes: number;
  readonly cost: RequestCost;
  /** Least budget with which the largest request, the answer to a row, and as many as may wait, have room. */
  readonly leastBudgetBytes: number;
  /** The budget that there must be memory for where none is set: `leastBudgetBytes`, and 32 MiB or more. */
  readonly defaultBudgetBytes: number;
  /** The budget that there must be memory for. */
  readonly budgetBytes: number;
  /** What decides about `leastBudgetBytes`. */
  readonly reason: Exclude<Decisive, 'requestBudgetBytes'>;
  /** What decides about `budgetBytes`. */
  readonly decisive: Decisive;
}

/** An option that only Terraform knows counts as not given, and so does a number that is refused elsewhere. */
export function requestNeeds(model: RequestModel, choices: RequestChoices): RequestNeeds {
  const { maxBatchSize, maxQueueBytes, requestBudgetBytes, ...given } = knownChoices(choices);
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

/** The budget that the server derives from its memory, in bytes. */
export function budgetOf(model: RequestModel, choices: RequestChoices, memoryBytes: number, ownBytes: number): number {
  const { defaultBudgetBytes } = requestNeeds(model, choices);
  return knownChoices(choices).requestBudgetBytes ?? defaultBudget(memoryBytes, ownBytes, defaultBudgetBytes);
}

/** Memory that requests need, in bytes. */
export function requestMemoryBytes(model: RequestModel, choices: RequestChoices): number {
  return memoryForBudget(requestNeeds(model, choices).budgetBytes);
}

function knownChoices({
  maxBatchSize,
  maxRequestBytes,
  maxQueueBytes,
  requestBudgetBytes,
}: RequestChoices): RequestChoices {
  return {
    maxBatchSize: known(maxBatchSize),
    maxRequestBytes: known(maxRequestBytes),
    maxQueueBytes: known(maxQueueBytes),
    requestBudgetBytes: known(requestBudgetBytes),
  };
}

function known(value: number | undefined): number | undefined {
  return !Token.isUnresolved(value) && Number.isInteger(value) && (value as number) > 0 ? value : undefined;
}
