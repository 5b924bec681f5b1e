import {
  DECODED_BYTES_PER_PIXEL,
  ownMemoryBytes,
  pictureBytes,
  RUNTIME_MEMORY_BYTES,
} from '../../inference-image/src/contract/memory';
import type { Model } from '../model/model';
import type { ModelProfile } from '../profile/model-profile';
import { budgetOf, type RequestChoices, requestMemoryBytes, type RequestModel, requestNeeds } from './request-needs';

const MIB = 1024 * 1024;

/** Converts bytes to MiB, rounded up. */
export function inMiB(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

/** Memory of the server and the runtime without a model, in MiB. */
export const RUNTIME_MEMORY_MIB = RUNTIME_MEMORY_BYTES / MIB;

/** Default memory without a profile, not counting the weights, in MiB; more if requests need more. */
const DEFAULT_MEMORY_MIB = 512;

/** Options that determine the container's memory, in addition to the model. */
export interface MemoryChoices extends RequestChoices {
  /** @default 1 */
  readonly executors?: number;
}

/**
 * Memory below which the container is killed, in MiB. With a profile, this is the measured peak under load. Without
 * one, it is what loading takes: the runtime, and the weights once for each executor.
 */
export function minimumMemoryMiB(model: Model, executors = 1): number {
  if (model.profile) return peakMemoryMiB(model.profile, oneIfToken(executors));
  return RUNTIME_MEMORY_MIB + oneIfToken(executors) * inMiB(model.sizeBytes);
}

/** Memory for decoding the largest picture, in MiB; 0 if the model accepts no pictures. */
export function pictureMemoryMiB({ picture }: Pick<Model, 'picture'>): number {
  return inMiB(pictureBytes(picture));
}

/** Number of pixels of the largest picture that can be decoded in this much memory. */
export function pixelsWithin(memoryMiB: number): number {
  return Math.floor((memoryMiB * MIB) / DECODED_BYTES_PER_PIXEL);
}

/**
 * Memory that a container needs in addition to its requests, in MiB. It includes memory for the largest picture, and is
 * at least the server's own estimate.
 */
export function ownMemoryMiB(model: Model, executors = 1): number {
  const byServer = inMiB(ownMemoryBytes(MIB * inMiB(model.sizeBytes), oneIfToken(executors), model.picture));
  return Math.max(byServer, minimumMemoryMiB(model, executors) + pictureMemoryMiB(model));
}

/** Memory that requests need, in MiB. */
export function requestMemoryMiB(model: RequestModel, choices: RequestChoices): number {
  return inMiB(requestMemoryBytes(model, choices));
}

/** Minimum memory of a container, in MiB, including its requests. */
export function neededMemoryMiB(model: Model, choices: MemoryChoices): number {
  return ownMemoryMiB(model, choices.executors) + requestMemoryMiB(model, choices);
}

/**
 * Default memory of a container without a profile, in MiB: the runtime, requests, the largest picture, and the weights
 * once for each executor and once more, because a session is built from the file's bytes.
 */
export function defaultMemoryMiB(model: Model, choices: MemoryChoices): number {
  const weights = (1 + oneIfToken(choices.executors ?? 1)) * inMiB(model.sizeBytes);
  const forRequests = RUNTIME_MEMORY_MIB + requestMemoryMiB(model, choices);
  return Math.max(DEFAULT_MEMORY_MIB, forRequests) + weights + pictureMemoryMiB(model);
}

/**
 * Limits on requests in a container with this much memory, as computed at synth. The server derives its own limits, and
 * derives them again from its resident memory after the model is loaded.
 */
export function requestLimits(
  model: Model,
  choices: MemoryChoices,
  memoryMiB: number,
): Required<Pick<RequestChoices, 'maxRequestBytes' | 'requestBudgetBytes'>> {
  const ownBytes = MIB * ownMemoryMiB(model, choices.executors);
  const requestBudgetBytes = budgetOf(model, choices, MIB * memoryMiB, ownBytes);
  return { maxRequestBytes: requestNeeds(model, choices).maxRequestBytes, requestBudgetBytes };
}

/** Number of executors; 1 if it is a Terraform token, which is a negative number in place of a number. */
function oneIfToken(executors: number): number {
  return executors >= 0 ? executors : 1;
}

/** Peak memory of a server with this number of executors, in MiB. */
export function peakMemoryMiB({ memory }: ModelProfile, executors: number): number {
  return Math.ceil(memory.peakMiB + (executors - 1) * memory.executorMiB);
}
