import { inspect } from 'node:util';
import { obstacleText } from '../../inference-image/src/contract/batching-verdict';
import { budgetWithin, largestRequestWithin, MIN_BUDGET_BYTES } from '../../inference-image/src/contract/memory';
import { bytesText } from '../base/text';
import type { Problem } from '../base/errors';
import {
  pictureMemoryMiB,
  inMiB,
  type MemoryChoices,
  neededMemoryMiB,
  ownMemoryMiB,
  pixelsWithin,
  RUNTIME_MEMORY_MIB,
} from '../sizing/memory';
import type { Model } from '../model/model';
import { measuredOn } from '../profile/describe-profile';
import type { ModelProfile } from '../profile/model-profile';
import { requestNeeds, type RequestNeeds } from '../sizing/request-needs';

const MIB = 1024 * 1024;

/** Problems with any construct that runs a model; `where` is the construct's path. */
export const workloadErrors = {
  modelOrImage: (where: string): Problem => ({
    code: 'model-or-image',
    message: `${where}: set exactly one of model (an image is built for it) and image (an existing image).`,
  }),

  buildWithImage: (where: string, prop: string): Problem => ({
    code: 'build-with-image',
    message: `${where}: ${prop} applies only if an image is built for model, but image is set. Set ${prop} on that InferenceImage instead.`,
  }),

  memoryTooSmall: (
    where: string,
    prop: string,
    memoryMiB: number,
    minimumMiB: number,
    neededMiB: number,
    model: Model,
    executors = 1,
  ): Problem => ({
    code: 'memory-too-small',
    message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs at least ${minimumMiB} MiB: ${inMiB(model.sizeBytes)} MiB for the weights${executors > 1 ? ` of each of ${executors} executors` : ''} and ${RUNTIME_MEMORY_MIB} MiB for the runtime. Raise it to ${neededMiB}, which leaves room for requests, or omit it to use a default that fits.`,
  }),

  memoryBelowPeak: (
    where: string,
    prop: string,
    memoryMiB: number,
    minimumMiB: number,
    neededMiB: number,
    name: string,
    profile: ModelProfile,
  ): Problem => ({
    code: 'memory-below-peak',
    message: `${where}: ${prop} is ${memoryMiB}, but model "${name}" needs at least ${minimumMiB} MiB: ${Math.ceil(profile.memory.peakMiB)} MiB under load on ${measuredOn(profile)}, and ${Math.ceil(profile.memory.executorMiB)} MiB for each additional executor. Raise it to ${neededMiB}, which leaves room for requests, or omit it to use a default that fits.`,
  }),

  memoryBelowPicture: (
    where: string,
    prop: string,
    memoryMiB: number,
    minimumMiB: number,
    neededMiB: number,
    model: Model,
  ): Problem => ({
    code: 'memory-below-picture',
    message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs ${minimumMiB} MiB and, to decode a picture of ${model.picture?.maxPixels} pixels (picture.maxPixels), ${pictureMemoryMiB(model)} MiB more. Raise it to ${neededMiB}, which leaves room for requests, or omit it to use a default that fits${smallerPicture(memoryMiB - neededMiB + pictureMemoryMiB(model), model)}.`,
  }),

  memoryBelowRequests: (
    where: string,
    prop: string,
    memoryMiB: number,
    model: Model,
    choices: MemoryChoices,
  ): Problem => {
    const own = ownMemoryMiB(model, choices.executors);
    const needed = neededMemoryMiB(model, choices);
    const needs = requestNeeds(model, choices);
    const lower = lowerOption(needs, budgetWithin(memoryMiB * MIB, own * MIB));
    return {
      code: 'memory-below-requests',
      message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs at least ${needed} MiB: ${own} MiB without requests, and ${needed - own} MiB for requests: ${needsText(needs)}. Raise it to ${needed}, or omit it to use a default that fits${lower}.`,
    };
  },

  budgetBelowRequests: (
    where: string,
    budgetBytes: number,
    { maxRequestBytes, cost, leastBudgetBytes, reason }: RequestNeeds,
  ): Problem => {
    const [what, most] = {
      maxRequestBytes: [`serving.maxRequestBytes is ${maxRequestBytes}`, largestRequestWithin(budgetBytes, cost)],
      maxQueueBytes: [`serving.maxQueueBytes is ${leastBudgetBytes}`, budgetBytes],
      answer: [
        `the answer to one row takes up to ${cost.answerBytes} bytes in JSON, in addition to its request of up to ${maxRequestBytes} bytes`,
        0,
      ],
    }[reason] as [string, number];
    const remedy = most > 0 ? `, or lower serving.${reason} to ${most} or less` : '';
    return {
      code: 'budget-below-requests',
      message: `${where}: serving.requestBudgetBytes is ${budgetBytes}, but ${what}, which needs ${leastBudgetBytes} bytes. Raise serving.requestBudgetBytes to at least ${leastBudgetBytes}${remedy}.`,
    };
  },

  environmentReserved: (where: string, variable: string): Problem => ({
    code: 'environment-reserved',
    message: `${where}: environment sets ${variable}, but variables that start with MODEL_SERVING_ are reserved for the server. Use the prop serving instead.`,
  }),

  environmentNameInvalid: (where: string, variable: string): Problem => ({
    code: 'environment-name-invalid',
    message: `${where}: environment contains the variable "${variable}", whose name is invalid. Use letters, digits, "_", "." and "-", and start the name with a letter or "_".`,
  }),

  batchingImpossible: (where: string, option: string, value: number | string, model: Model): Problem => ({
    code: 'batching-impossible',
    message: `${where}: serving.${option} is ${JSON.stringify(value)}, but model "${model.name}" cannot run requests together: ${obstacleText(model.batching)}. Omit the option, or ${batchingRemedy(model)}.`,
  }),

  batchDelayUnused: (where: string, delay: number): Problem => ({
    code: 'batch-delay-unused',
    message: `${where}: serving.maxBatchDelaySeconds is ${delay}, but maxBatchSize is 1, so requests never wait for each other. Raise maxBatchSize, or omit maxBatchDelaySeconds.`,
  }),

  batchDelayTooLong: (where: string, delay: number, timeout: number): Problem => ({
    code: 'batch-delay-too-long',
    message: `${where}: serving.maxBatchDelaySeconds is ${delay}, but it must be less than queueTimeoutSeconds, which is ${timeout}. Otherwise, requests would be answered with 504 while they wait for a batch to fill. Use a few milliseconds, such as 0.005.`,
  }),

  portOutOfRange: (where: string, prop: string, port: number): Problem => ({
    code: 'port-out-of-range',
    message: `${where}: ${prop} is ${inspect(port)}. Use an integer from 1 to 65535.`,
  }),

  portsEqual: (where: string, one: string, other: string, port: number): Problem => ({
    code: 'ports-equal',
    message: `${where}: ${one} and ${other} are both ${port}. Use different ports.`,
  }),

  terraformIdTaken: (where: string, id: string, other: string): Problem => ({
    code: 'terraform-id-taken',
    message: `${where}: the Terraform id ${id} is already used by ${other}, and one would overwrite the other. Change the id of one of the two constructs. Terraform ids omit the construct id "Default", and overrideLogicalId must not set the same id twice.`,
  }),

  notPositive: (where: string, prop: string, value: number | undefined): Problem => ({
    code: 'not-positive',
    message: `${where}: ${prop} is ${inspect(value)}. Use a whole number of at least 1.`,
  }),
};

function batchingRemedy({ batching, rebatchable }: Model): string {
  if (batching.verdict === 'coupled') {
    return "set serving.rowIndependence to 'assume' if answers may depend on the other requests in the same run";
  }
  return rebatchable
    ? 'free the first dimension with `model-serving rebatch`'
    : 'export the model with a symbolic first dimension at every input and output (dynamic_shapes or dynamic_axes of torch.onnx.export)';
}

/**
 * Remedy: a lower picture.maxPixels. Empty if this limit would be below the model's input size, because every picture
 * would then be enlarged.
 */
function smallerPicture(freeMiB: number, { picture }: Model): string {
  const pixels = pixelsWithin(freeMiB);
  return picture && pixels >= picture.width * picture.height ? `; or lower picture.maxPixels to ${pixels} or less` : '';
}

/** Explains why requests need this much memory. */
function needsText({ maxRequestBytes, cost, budgetBytes, decisive }: RequestNeeds): string {
  const budget = bytesText(budgetBytes);
  if (decisive === 'requestBudgetBytes') return `serving.requestBudgetBytes is ${budget}`;
  if (decisive === 'maxQueueBytes') return `serving.maxQueueBytes lets up to ${budget} of requests wait`;
  if (decisive === 'answer') {
    return `the answer to one row takes up to ${bytesText(cost.answerBytes)} in JSON, and its request up to ${bytesText(maxRequestBytes)}`;
  }
  return `each request may be up to ${bytesText(maxRequestBytes)} (serving.maxRequestBytes), and all requests together up to ${budget}`;
}

/** Remedy: a lower value for the option that determines the budget. Empty if no valid value is low enough. */
function lowerOption({ decisive, leastBudgetBytes, cost }: RequestNeeds, budgetBytes: number): string {
  const least = decisive === 'requestBudgetBytes' ? leastBudgetBytes : MIN_BUDGET_BYTES;
  if (budgetBytes < least || decisive === 'answer') return '';
  const most = decisive === 'maxRequestBytes' ? largestRequestWithin(budgetBytes, cost) : budgetBytes;
  if (most < 1) return '';
  return `; or lower serving.${decisive} to ${most} or less`;
}
