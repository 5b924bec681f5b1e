import { inspect } from 'node:util';
import { obstacleText } from '../../inference-image/src/contract/batching-verdict';
import { budgetWithin, largestRequestWithin, MIN_BUDGET_BYTES } from '../../inference-image/src/contract/memory';
import { bytesText } from '../bytes-text';
import type { Problem } from '../errors';
import {
  pictureMemoryMiB,
  inMiB,
  type MemoryChoices,
  neededMemoryMiB,
  ownMemoryMiB,
  pixelsWithin,
  RUNTIME_MEMORY_MIB,
} from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import { measuredOn } from '../profile/measured-on';
import type { ModelProfile } from '../profile/model-profile';
import { requestNeeds, type RequestNeeds } from '../request-needs';

const MIB = 1024 * 1024;

/** What can be wrong with anything that runs a model; `where` is the construct's path. */
export const workloadErrors = {
  modelOrImage: (where: string): Problem => ({
    code: 'model-or-image',
    message: `${where}: give either model (an image is built for it) or image (one that exists), not both or neither.`,
  }),

  buildWithImage: (where: string, prop: string): Problem => ({
    code: 'build-with-image',
    message: `${where}: ${prop} says how to build an image for model, but image was given. Move what it says to that InferenceImage.`,
  }),

  memoryTooSmall: (
    where: string,
    prop: string,
    memoryMiB: number,
    minimumMiB: number,
    neededMiB: number,
    model: OnnxModel,
    executors = 1,
  ): Problem => ({
    code: 'memory-too-small',
    message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs ${minimumMiB} or more: ${inMiB(model.sizeBytes)} of weights${executors > 1 ? ` for each of ${executors} executors` : ''} and ${RUNTIME_MEMORY_MIB} for the runtime. Raise it to ${neededMiB}, which has room for requests, or leave it out for a default that fits.`,
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
    message: `${where}: ${prop} is ${memoryMiB}, but model "${name}" needs ${minimumMiB} or more: ${Math.ceil(profile.memory.peakMiB)} under load on ${measuredOn(profile)}, and ${Math.ceil(profile.memory.executorMiB)} for each executor but the first. Raise it to ${neededMiB}, which has room for requests, or leave it out for a default that fits.`,
  }),

  memoryBelowPicture: (
    where: string,
    prop: string,
    memoryMiB: number,
    minimumMiB: number,
    neededMiB: number,
    model: OnnxModel,
  ): Problem => ({
    code: 'memory-below-picture',
    message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs ${minimumMiB} and, to decode a picture of ${model.picture?.maxPixels} pixels (picture.maxPixels), ${pictureMemoryMiB(model)} more. Raise it to ${neededMiB}, which has room for requests, or leave it out for a default that fits${smallerPicture(memoryMiB - neededMiB + pictureMemoryMiB(model), model)}.`,
  }),

  memoryBelowRequests: (
    where: string,
    prop: string,
    memoryMiB: number,
    model: OnnxModel,
    choices: MemoryChoices,
  ): Problem => {
    const own = ownMemoryMiB(model, choices.executors);
    const needed = neededMemoryMiB(model, choices);
    const needs = requestNeeds(model, choices);
    const lower = lowerOption(needs, budgetWithin(memoryMiB * MIB, own * MIB));
    return {
      code: 'memory-below-requests',
      message: `${where}: ${prop} is ${memoryMiB}, but model "${model.name}" needs ${needed} or more: ${own} without requests, and ${needed - own} for requests: ${needsText(needs)}. Raise it to ${needed}, or leave it out for a default that fits${lower}.`,
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
        `the answer to one row takes up to ${cost.answerBytes} bytes in JSON, beside its request of up to ${maxRequestBytes}`,
        0,
      ],
    }[reason] as [string, number];
    const remedy = most > 0 ? `, or lower serving.${reason} to ${most} or less` : '';
    return {
      code: 'budget-below-requests',
      message: `${where}: serving.requestBudgetBytes is ${budgetBytes}, but ${what}, which needs ${leastBudgetBytes}. Raise serving.requestBudgetBytes to ${leastBudgetBytes} or more${remedy}.`,
    };
  },

  environmentReserved: (where: string, variable: string): Problem => ({
    code: 'environment-reserved',
    message: `${where}: environment sets ${variable}, but MODEL_SERVING_ variables are the server's own. Use the serving prop.`,
  }),

  environmentNameInvalid: (where: string, variable: string): Problem => ({
    code: 'environment-name-invalid',
    message: `${where}: environment has a variable "${variable}". Begin its name with a letter or "_", and go on with letters, digits, "_", "." and "-".`,
  }),

  batchingImpossible: (where: string, option: string, value: number | string, model: OnnxModel): Problem => ({
    code: 'batching-impossible',
    message: `${where}: serving.${option} is ${JSON.stringify(value)}, but model "${model.name}" cannot run requests together: ${obstacleText(model.batching)}. Leave it out, or ${batchingRemedy(model)}.`,
  }),

  batchDelayUnused: (where: string, delay: number): Problem => ({
    code: 'batch-delay-unused',
    message: `${where}: serving.maxBatchDelaySeconds is ${delay}, but maxBatchSize is 1, so that no request waits for another. Raise maxBatchSize, or leave maxBatchDelaySeconds out.`,
  }),

  batchDelayTooLong: (where: string, delay: number, timeout: number): Problem => ({
    code: 'batch-delay-too-long',
    message: `${where}: serving.maxBatchDelaySeconds is ${delay}, not less than queueTimeoutSeconds ${timeout}: requests would be answered with 504 while they wait for others. Use some thousandths of a second, such as 0.005.`,
  }),

  portOutOfRange: (where: string, prop: string, port: number): Problem => ({
    code: 'port-out-of-range',
    message: `${where}: ${prop} is ${inspect(port)}. Give a whole number from 1 to 65535.`,
  }),

  portsEqual: (where: string, one: string, other: string, port: number): Problem => ({
    code: 'ports-equal',
    message: `${where}: ${one} and ${other} are both ${port}. Give each a port of its own.`,
  }),

  terraformIdTaken: (where: string, id: string, other: string): Problem => ({
    code: 'terraform-id-taken',
    message: `${where}: the Terraform id ${id} is already that of ${other}, and one would overwrite the other. Give one of their constructs another id. The id "Default" is left out of Terraform ids, and overrideLogicalId must not give two the same.`,
  }),

  notPositive: (where: string, prop: string, value: number): Problem => ({
    code: 'not-positive',
    message: `${where}: ${prop} is ${inspect(value)}. Give a whole number of 1 or more.`,
  }),
};

function batchingRemedy({ batching, rebatchable }: OnnxModel): string {
  if (batching.verdict === 'coupled') {
    return "set serving.rowIndependence to 'assume' if an answer may depend on the requests that share its run";
  }
  return rebatchable
    ? 'free the first dimension with `model-serving rebatch`'
    : 'export the model with a symbolic first dimension at every input and output (dynamic_shapes or dynamic_axes of torch.onnx.export)';
}

/** Not smaller than what the model takes: then every picture would be enlarged. */
function smallerPicture(freeMiB: number, { picture }: OnnxModel): string {
  const pixels = pixelsWithin(freeMiB);
  return picture && pixels >= picture.width * picture.height ? `; or lower picture.maxPixels to ${pixels} or less` : '';
}

/** What requests need their memory for. */
function needsText({ maxRequestBytes, cost, budgetBytes, decisive }: RequestNeeds): string {
  const budget = bytesText(budgetBytes);
  if (decisive === 'requestBudgetBytes') return `serving.requestBudgetBytes is ${budget}`;
  if (decisive === 'maxQueueBytes') return `serving.maxQueueBytes lets ${budget} wait`;
  if (decisive === 'answer') {
    return `the answer to one row takes up to ${bytesText(cost.answerBytes)} in JSON, and its request up to ${bytesText(maxRequestBytes)}`;
  }
  return `they may have ${bytesText(maxRequestBytes)} each (serving.maxRequestBytes) and take ${budget} together`;
}

/** The option that could be lower instead, where there is memory for a budget at all. */
function lowerOption({ decisive, leastBudgetBytes, cost }: RequestNeeds, budgetBytes: number): string {
  const least = decisive === 'requestBudgetBytes' ? leastBudgetBytes : MIN_BUDGET_BYTES;
  if (budgetBytes < least || decisive === 'answer') return '';
  const most = decisive === 'maxRequestBytes' ? largestRequestWithin(budgetBytes, cost) : budgetBytes;
  if (most < 1) return '';
  return `; or lower serving.${decisive} to ${most} or less`;
}
