import { Token } from 'cdktf';
import {
  DECODED_BYTES_PER_PIXEL,
  ownMemoryBytes,
  pictureBytes,
  RUNTIME_MEMORY_BYTES,
} from '../inference-image/src/contract/memory';
import type { OnnxModel } from './model/onnx-model';
import { peakMemoryMiB } from './profile/peak-memory';
import { budgetOf, type RequestChoices, requestMemoryBytes, type RequestModel, requestNeeds } from './request-needs';

const MIB = 1024 * 1024;

/** Bytes in whole MiB, rounded up. */
export function inMiB(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

/** What the server and the runtime take before any model, in MiB. */
export const RUNTIME_MEMORY_MIB = RUNTIME_MEMORY_BYTES / MIB;

/** Least memory of a container where no model is profiled, in MiB; requests need more. */
const DEFAULT_MEMORY_MIB = 512;

/** What decides about memory besides the model. */
export interface MemoryChoices extends RequestChoices {
  /** @default 1 */
  readonly executors?: number;
}

/**
 * Below this the container is killed, in MiB: under load, where the model's profile says what it took; else while it
 * loads, by the runtime and the weights once for each executor.
 */
export function minimumMemoryMiB(model: OnnxModel, executors = 1): number {
  if (model.profile) return peakMemoryMiB(model.profile, known(executors));
  return RUNTIME_MEMORY_MIB + known(executors) * inMiB(model.sizeBytes);
}

/** What the largest picture takes while it is decoded, where the model takes pictures, in MiB. */
export function pictureMemoryMiB({ picture }: Pick<OnnxModel, 'picture'>): number {
  return inMiB(pictureBytes(picture));
}

/** The pixels of the largest picture that can be decoded in so much memory. */
export function pixelsWithin(memoryMiB: number): number {
  return Math.floor((memoryMiB * MIB) / DECODED_BYTES_PER_PIXEL);
}

/** What a container takes without any request but the largest picture, in MiB; never less than its server reckons with. */
export function ownMemoryMiB(model: OnnxModel, executors = 1): number {
  const byServer = inMiB(ownMemoryBytes(MIB * inMiB(model.sizeBytes), known(executors), model.picture));
  return Math.max(byServer, minimumMemoryMiB(model, executors) + pictureMemoryMiB(model));
}

/** Memory that requests need, in MiB. */
export function requestMemoryMiB(model: RequestModel, choices: RequestChoices): number {
  return inMiB(requestMemoryBytes(model, choices));
}

/** The least that a container may have, in MiB: its own, and what requests need. */
export function neededMemoryMiB(model: OnnxModel, choices: MemoryChoices): number {
  return ownMemoryMiB(model, choices.executors) + requestMemoryMiB(model, choices);
}

/**
 * Where the model has no profile, in MiB: room for the weights once more than there are executors (a session is built
 * from the file's bytes), for requests, and for the largest picture.
 */
export function defaultMemoryMiB(model: OnnxModel, choices: MemoryChoices): number {
  const weights = (1 + known(choices.executors ?? 1)) * inMiB(model.sizeBytes);
  const forRequests = RUNTIME_MEMORY_MIB + requestMemoryMiB(model, choices);
  return Math.max(DEFAULT_MEMORY_MIB, forRequests) + weights + pictureMemoryMiB(model);
}

/**
 * Limits of requests in a container of so much memory, as the plan knows them. The server derives its own, and once more
 * from its resident memory when the model is loaded.
 */
export function requestLimits(
  model: OnnxModel,
  choices: MemoryChoices,
  memoryMiB: number,
): Required<Pick<RequestChoices, 'maxRequestBytes' | 'requestBudgetBytes'>> {
  const ownBytes = MIB * ownMemoryMiB(model, choices.executors);
  const requestBudgetBytes = budgetOf(model, choices, MIB * memoryMiB, ownBytes);
  return { maxRequestBytes: requestNeeds(model, choices).maxRequestBytes, requestBudgetBytes };
}

/** A number of executors that only the plan knows counts as one. */
function known(executors: number): number {
  return Token.isUnresolved(executors) ? 1 : executors;
}
