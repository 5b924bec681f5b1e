import { Token } from 'cdktf';
import { budgetFor, defaultBudget, leastBudgetFor, memoryForBudget } from '../inference-image/src/contract/memory';
import { defaultMaxRequestBytes } from '../inference-image/src/contract/request-size';
import type { OnnxModel } from './model/onnx-model';

/** Options that decide how much memory requests need. */
export interface RequestChoices {
  readonly maxBatchSize?: number;
  readonly maxRequestBytes?: number;
  readonly maxQueueBytes?: number;
  readonly requestBudgetBytes?: number;
}

/** What the largest request of a model follows from. */
export type RequestModel = Pick<OnnxModel, 'signature' | 'batching' | 'image' | 'largestExampleBytes'>;

/** What requests may take of a replica's memory. */
export interface RequestNeeds {
  readonly maxRequestBytes: number;
  /** Least budget with which the largest request, and as many as may wait, have room. */
  readonly leastBudgetBytes: number;
  /** The budget that there must be memory for: the option's, or else 32 MiB or more. */
  readonly budgetBytes: number;
  /** The option that decides about the budget. */
  readonly decisive: 'maxRequestBytes' | 'maxQueueBytes' | 'requestBudgetBytes';
}

/** An option that only Terraform knows counts as not given, and so does a number that is refused elsewhere. */
export function requestNeeds(model: RequestModel, choices: RequestChoices): RequestNeeds {
  const { maxBatchSize, maxQueueBytes, requestBudgetBytes, ...given } = knownChoices(choices);
  const maxRequestBytes = given.maxRequestBytes ?? defaultMaxRequestBytes({ ...model, maxBatchSize });
  const byDefault = budgetFor(maxRequestBytes, maxQueueBytes);
  const isForQueue = byDefault > budgetFor(maxRequestBytes);
  return {
    maxRequestBytes,
    leastBudgetBytes: isForQueue ? byDefault : leastBudgetFor(maxRequestBytes),
    budgetBytes: requestBudgetBytes ?? byDefault,
    decisive:
      requestBudgetBytes !== undefined ? 'requestBudgetBytes' : isForQueue ? 'maxQueueBytes' : 'maxRequestBytes',
  };
}

/** The budget that the server derives from its memory, in bytes. */
export function budgetOf(model: RequestModel, choices: RequestChoices, memoryBytes: number, ownBytes: number): number {
  const { maxQueueBytes, requestBudgetBytes } = knownChoices(choices);
  const { maxRequestBytes } = requestNeeds(model, choices);
  return requestBudgetBytes ?? defaultBudget(memoryBytes, ownBytes, budgetFor(maxRequestBytes, maxQueueBytes));
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
