import type { Problem } from '../errors';
import { inMiB, RUNTIME_MEMORY_MIB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';

/** What can be wrong with a ContainerizedModel; `where` is the construct's path. */
export const dockerErrors = {
  modelOrImage: (where: string): Problem => ({
    code: 'model-or-image',
    message: `${where}: give either model (an image is built for it) or image (one that exists), not both or neither.`,
  }),

  buildWithImage: (where: string): Problem => ({
    code: 'build-with-image',
    message: `${where}: build says how to build an image for model, but image was given. Move these options to that InferenceImage.`,
  }),

  portOutOfRange: (where: string, prop: string, port: number): Problem => ({
    code: 'port-out-of-range',
    message: `${where}: ${prop} is ${port}. Give a whole number from 1 to 65535.`,
  }),

  portsEqual: (where: string, port: number): Problem => ({
    code: 'ports-equal',
    message: `${where}: port and metricsPort are both ${port}. Give each a port of its own.`,
  }),

  bindAddressInvalid: (where: string, address: string): Problem => ({
    code: 'bind-address-invalid',
    message: `${where}: bindAddress "${address}" is not an IP address. Give one of this host's, such as 127.0.0.1, or 0.0.0.0 for all.`,
  }),

  cpusOutOfRange: (where: string, cpus: number): Problem => ({
    code: 'cpus-out-of-range',
    message: `${where}: cpus is ${cpus}. Give a number of CPUs of 0.01 or more, such as 0.5 or 2.`,
  }),

  memoryTooSmall: (where: string, memoryMiB: number, minimumMiB: number, model: OnnxModel): Problem => ({
    code: 'memory-too-small',
    message: `${where}: memoryMiB is ${memoryMiB}, but model "${model.name}" needs ${minimumMiB} or more: ${inMiB(model.sizeBytes)} of weights and ${RUNTIME_MEMORY_MIB} for the runtime. Raise it, or leave it out for a default that fits.`,
  }),

  containerNameInvalid: (where: string, name: string): Problem => ({
    code: 'container-name-invalid',
    message: `${where}: containerName "${name}" is not a container name. Use letters, digits, "_", "." and "-", two or more, beginning with a letter or digit.`,
  }),

  environmentReserved: (where: string, variable: string): Problem => ({
    code: 'environment-reserved',
    message: `${where}: environment sets ${variable}, but MODEL_SERVING_ variables are the server's own. Use the serving prop.`,
  }),

  environmentNameInvalid: (where: string, variable: string): Problem => ({
    code: 'environment-name-invalid',
    message: `${where}: environment has a variable "${variable}". Begin its name with a letter or "_", and go on with letters, digits, "_", "." and "-".`,
  }),

  waitSecondsInvalid: (where: string, seconds: number): Problem => ({
    code: 'wait-seconds-invalid',
    message: `${where}: waitSeconds is ${seconds}. Give a whole number of seconds, or 0 not to wait.`,
  }),

  notPositive: (where: string, prop: string, value: number): Problem => ({
    code: 'not-positive',
    message: `${where}: ${prop} is ${value}. Give a whole number of 1 or more.`,
  }),
};
