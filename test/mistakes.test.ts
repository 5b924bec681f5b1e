import { truncateSync, writeFileSync } from 'node:fs';
import type { TerraformStack } from 'cdktf';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage } from 'cdktf-model-serving/docker';
import { ScalableModelService, ScalingTarget } from 'cdktf-model-serving/kubernetes';
import { writeInterface } from '../lib/interface/interface-file';
import {
  externalInitializer,
  identity,
  initializer,
  node,
  nonTensor,
  value,
  writeOnnxModel,
} from './support/onnx-builder';
import { largeModel, multiplier } from './support/models';
import { profiledModel, profileOf } from './support/profiles';
import { synthStack } from './support/synth';
import { temporaryFolder } from './support/temporary-folder';

/** Common mistakes, each with the complete output of the synth. */
const MISTAKES: readonly [mistake: string, make: (stack: TerraformStack) => void, seen: string][] = [
  // The model
  [
    'an incomplete download',
    (stack) => container(stack, truncated('half.onnx')),
    `half.onnx: this is not a complete ONNX model: the field of 81 bytes at byte 29 extends beyond its message. Check that it is the right file and that it was copied or downloaded completely. [not-onnx]`,
  ],
  [
    'weights left in Git LFS',
    (stack) => container(stack, written('lfs.onnx', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n')),
    `lfs.onnx: this is a Git LFS pointer, not the file itself. Run "git lfs pull". [git-lfs-pointer]`,
  ],
  [
    'an opset that is too new',
    (stack) => container(stack, onnx('tomorrow', { ...identity('float', ['n']), opsets: { '': 99 } })),
    `tomorrow.onnx: the model uses opset 99 of ai.onnx, but onnxruntime 1.30.0 supports at most 26. Export it with an older opset_version, or convert it with onnx.version_converter. [opset-unsupported]`,
  ],
  [
    'an operator of a missing library',
    (stack) =>
      container(
        stack,
        onnx('custom', {
          ...identity('float', ['n']),
          nodes: [node('BeamSearch', ['x'], ['y'], { domain: 'my.ops' })],
        }),
      ),
    `custom.onnx: onnxruntime does not implement the operators my.ops:BeamSearch (node "BeamSearch_y"), and the server cannot load custom operator libraries. Export the model using only operators from ai.onnx, ai.onnx.ml, com.microsoft, com.microsoft.nchwc, and move pre- and post-processing to the client. [operators-unknown]`,
  ],
  [
    'a scikit-learn classifier with default options',
    (stack) =>
      container(
        stack,
        onnx('zipmap', {
          ...identity('float', ['n', 4]),
          outputs: [nonTensor('output_probability', 'sequenceType', { elemType: { mapType: {} } })],
        }),
      ),
    `zipmap.onnx: output "output_probability" is of type sequence of maps, but onnxruntime-node supports only tensors. With skl2onnx, convert with options={"zipmap": False}; with other tools, export it as a tensor. [not-a-tensor]`,
  ],
  [
    'weights that were not copied with the model',
    (stack) =>
      container(
        stack,
        onnx('apart', {
          ...identity('float', ['n']),
          nodes: [node('Add', ['x', 'w'], ['y'])],
          initializers: [externalInitializer('w', 'float', [4], 'weights.bin')],
        }),
      ),
    `apart.onnx: tensor "w" is stored in "weights.bin", but weights.bin does not exist. Copy the file there. [external-data-missing]`,
  ],
  [
    'a shape that the graph contradicts, while no run shows the correct one',
    (stack) =>
      container(
        stack,
        onnx('contradicted', {
          inputs: [value('x', 'float', [2, 3]), value('row', 'int64', [1])],
          outputs: [value('y', 'float', [2, 4]), value('z', 'float', [1, 4])],
          nodes: [
            node('Identity', ['x'], ['y']),
            node('Gather', ['x', 'row'], ['r']),
            node('Reshape', ['r', 'shape'], ['z'], { name: 'reshape' }),
          ],
          initializers: [initializer('shape', 'int64', [2], BigInt64Array.of(1n, 4n))],
        }),
      ),
    `contradicted.onnx: output "y" is declared as [2, 4], but onnxruntime infers a different shape from the graph. No run with generated inputs showed the actual shape: it rejects generated inputs: Non-zero status code returned while running Reshape node. Name:'reshape' Status Message: input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{1,3}, requested shape:{1,4}. Export the model with its actual shape. [shape-contradicted]`,
  ],
  [
    'batches of a model that was exported for one row',
    (stack) => container(stack, onnx('one-row', identity('float', [1, 4])), {}, { serving: { maxBatchSize: 8 } }),
    `stack/digits: serving.maxBatchSize is 8, but model "one-row" cannot run requests together: input "x" has a fixed first dimension, 1. Omit the option, or free the first dimension with \`model-serving rebatch\`. [batching-impossible]`,
  ],
  [
    'a version that is not a valid path segment',
    (stack) => container(stack, digits(), { version: '1.0/beta' }),
    `digits.onnx: model version "1.0/beta" is not a valid URL path segment. Set version of OnnxModel.fromFile, or the option --model-version of the command, to at most 128 letters, digits, ".", "_" and "-", starting with a letter or digit. [model-version-invalid]`,
  ],

  // Its golden examples
  [
    'a new model with the golden answers of the old one',
    (stack) => container(stack, digits(), { golden: golden({ data: [3] }) }),
    `digits.golden.json: example "one": output "y" at [0] is 2; expected 3: 1 apart, 0.00031 allowed. If the example comes from the training framework, fix the conversion. If the model is right, record the example again: model-serving golden record digits.onnx --inputs … --force [golden-drift]`,
  ],
  [
    'an example for a model with different inputs',
    (stack) => container(stack, onnx('wide', identity('float', ['n', 4])), { golden: golden({ data: [2] }) }),
    `digits.golden.json: example "one": input "x" has shape [1], but the model declares [n, 4]. Record the example again with this model. [golden-mismatch]
digits.golden.json: example "one": output "y" has shape [1], but the model declares [n, 4]. Record the example again with this model. [golden-mismatch]`,
  ],
  [
    'the file of an example that was not committed',
    (stack) => container(stack, digits(), { golden: golden({ file: 'digits.golden/one.y.bin' }) }),
    `digits.golden.json: this file refers to "digits.golden/one.y.bin", which does not exist. Paths are relative to the folder of digits.golden.json. [golden-file-missing]`,
  ],
  [
    'a truncated file of an example',
    (stack) => container(stack, digits(), { golden: golden({ file: written('one.y.bin', 'abc') }) }),
    `digits.golden.json: example "one": output "y" has 3 bytes in one.y.bin, but its shape needs 4. Record the example again with this model. [golden-mismatch]`,
  ],

  // Its profile
  [
    'the profile of the previous model',
    (stack) => container(stack, withProfileOf('0'.repeat(64))),
    `stale.profile.json: this profile belongs to a different model, with sha256 0000000000000000000000000000000000000000000000000000000000000000, measured on 4 x AMD EPYC 9B14 on 2026-11-25; stale.onnx has sha256 d150be346e733605fafe2efd38b75be90c4a173cc6897bc1b83716bbc621729c. Measure again: model-serving profile stale.onnx [profile-stale]`,
  ],
  [
    'a profile that was written by hand',
    (stack) => container(stack, handWritten()),
    `by-hand.profile.json: runs: Too small: expected array to have >=1 items. Profiles are measured, not written by hand. Remove the file and measure again: model-serving profile by-hand.onnx [profile-invalid]`,
  ],
  [
    'less memory than was measured',
    (stack) => new ContainerizedModel(stack, 'digits', { model: profiled(), memoryMiB: 128 }),
    `stack/digits: memoryMiB is 128, but model "profiled" needs at least 138 MiB: 138 MiB under load on 4 x AMD EPYC 9B14 on 2026-11-25, and 21 MiB for each additional executor. Raise it to 265, which leaves room for requests, or omit it to use a default that fits. [memory-below-peak]`,
  ],
  [
    'less memory than the weights',
    (stack) => new ContainerizedModel(stack, 'large', { model: largeModel('.', 'large', 300), memoryMiB: 256 }),
    `stack/large: memoryMiB is 256, but model "large" needs at least 461 MiB: 301 MiB for the weights and 160 MiB for the runtime. Raise it to 565, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]`,
  ],
  [
    'more requests than the replicas can answer',
    (stack) => service(stack, { replicas: 2, capacity: { requestsPerSecond: 2000 } }),
    `stack/digits: capacity.requestsPerSecond is 2,000, but replicas is 2, which is enough for only 1,530 requests/s with 30 % headroom: a replica of 1.2 CPUs answers 1,000 requests/s, as measured on 4 x AMD EPYC 9B14 on 2026-11-25. To meet the capacity, raise replicas to 3, or raise resources.cpu to 2. [capacity-unmeetable]`,
  ],
  [
    'more requests than the maximum of replicas can answer',
    (stack) =>
      service(stack, { autoscaling: { maxReplicas: 4 }, capacity: { requestsPerSecond: 5000, headroom: 0.5 } }),
    `stack/digits: capacity.requestsPerSecond is 5,000, but autoscaling.maxReplicas is 4, which is enough for only 2,660 requests/s with 50 % headroom: a replica of 1.2 CPUs answers 1,000 requests/s, as measured on 4 x AMD EPYC 9B14 on 2026-11-25. To meet the capacity, raise autoscaling.maxReplicas to 8, or raise resources.cpu to 2.3. [capacity-unmeetable]`,
  ],
  [
    'half a CPU for a model that needs more',
    (stack) => service(stack, { replicas: 2, resources: { cpu: 0.5 }, capacity: { requestsPerSecond: 1000 } }),
    `stack/digits: capacity.requestsPerSecond is 1,000, but replicas is 2, which is enough for only 640 requests/s with 30 % headroom: a replica of 0.5 CPUs answers 416 requests/s, as measured on 4 x AMD EPYC 9B14 on 2026-11-25. To meet the capacity, raise replicas to 4, or raise resources.cpu to 0.8. [capacity-unmeetable]`,
  ],
  [
    'a capacity for a model without a profile',
    (stack) => service(stack, { capacity: { requestsPerSecond: 100 } }, OnnxModel.fromFile(digits())),
    `stack/digits: capacity needs a profile, but model "digits" has none. Set replicas or autoscaling instead, or measure the model: model-serving profile digits.onnx [capacity-without-profile]`,
  ],
  [
    'a negative capacity',
    (stack) => service(stack, { capacity: { requestsPerSecond: 0, headroom: -0.1 } }),
    `stack/digits: capacity.requestsPerSecond is 0. Use a number above 0, such as 200. [capacity-invalid]
stack/digits: capacity.headroom is -0.1. Use 0 or more, such as 0.3 for 30 %. [capacity-invalid]`,
  ],
  [
    'a CPU target that is never exceeded',
    (stack) =>
      service(stack, {
        autoscaling: { maxReplicas: 4, target: ScalingTarget.cpuUtilization(90) },
        resources: { cpu: 4 },
        serving: { executors: 1 },
      }),
    `stack/digits: the target for cpu is 90 % of the CPU request, but runs of the model can use at most 30 % (1.2 of 4 CPUs), so the autoscaler would never add a replica. Use a target of 27 or less, a whole number of CPUs, or more threads (serving.executors, serving.threadsPerExecutor). [cpu-target-unreachable]`,
  ],

  // Its interface
  [
    'an input that was renamed',
    (stack) => container(stack, changed([value('picture', 'float', ['n', 4])]), { runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), input "x" is renamed to "picture": clients that use the old name are refused. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'an input with a different datatype',
    (stack) => container(stack, changed([value('x', 'double', ['n', 4])]), { runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), input "x" changes from FP32 [n, 4] to FP64 [n, 4]: clients that send FP32 are refused. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'an input for only one row',
    (stack) => container(stack, changed([value('x', 'float', [1, 4])]), { runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), input "x" changes from FP32 [n, 4] to FP32 [1, 4]: clients that send other sizes are refused. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'an input with one more dimension',
    (stack) => container(stack, changed([value('x', 'float', ['n', 4, 1])]), { runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), input "x" changes from FP32 [n, 4] to FP32 [n, 4, 1]: clients that send tensors of rank 2 are refused. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'an additional input',
    (stack) =>
      container(stack, changed([value('x', 'float', ['n', 4]), value('mask', 'float', ['n', 4])]), {
        runtimeCheck: 'skip',
      }),
    `changed.onnx: compared with changed.interface.json (version "1"), input "mask" (FP32 [n, 4]) is added: clients that do not send it are refused. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'a removed output',
    (stack) => container(stack, changed(undefined, [value('scores', 'float', ['n', 4])]), { runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), output "y" is renamed to "scores": clients that use the old name no longer find it. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]
changed.onnx: compared with changed.interface.json (version "1"), output "labels" (INT64 [n]) is removed: clients that read it no longer find it. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --breaking [interface-broken]`,
  ],
  [
    'a renamed model',
    (stack) => container(stack, changed(), { name: 'letters', runtimeCheck: 'skip' }),
    `changed.onnx: compared with changed.interface.json (version "1"), the model is renamed from "changed" to "letters": clients that use the old name no longer find it. Raise the model's major version, or accept the change if no client is affected: model-serving interface accept changed.onnx --name letters --breaking [interface-broken]`,
  ],
  [
    'a canary that breaks the clients of the service',
    (stack) => canary(stack),
    `stack/digits/next: compared with the service's version "1", input "x" changes from FP32 [n, 4] to FP32 [1, 4]: clients that send other sizes are refused. Deploy the model as a separate service, or set acceptsInterfaceChange if no client is affected. [canary-interface]`,
  ],

  // Where it runs
  [
    'a base image with a different C library',
    (stack) => container(stack, digits(), {}, { build: { baseImage: 'node:22-alpine' } }),
    `stack/digits/image: baseImage "node:22-alpine" is based on Alpine (musl), but onnxruntime needs glibc. Use a Debian, Ubuntu, RHEL or distroless image with Node 20 or newer, such as node:24-bookworm-slim. [base-image-musl]`,
  ],
  [
    'an image that the cluster cannot pull',
    (stack) =>
      service(stack, {
        image: new InferenceImage(stack, 'image', { model: profiled() }),
        model: undefined,
        repository: undefined,
      }),
    `stack/digits: image is stored only on the engine that builds it, so the cluster cannot pull it. Set repository on that InferenceImage. [image-not-pushed]`,
  ],
  [
    'a setting of the server as a variable',
    (stack) => container(stack, digits(), {}, { environment: { MODEL_SERVING_EXECUTORS: '2' } }),
    `stack/digits: environment sets MODEL_SERVING_EXECUTORS, but variables that start with MODEL_SERVING_ are reserved for the server. Use the prop serving instead. [environment-reserved]`,
  ],
  [
    'an unknown setting, and an invalid one',
    (stack) => container(stack, digits(), {}, { serving: { workers: 2, queueTimeoutSeconds: 0 } as object }),
    `stack/digits: serving has no option workers. The options are executors, threadsPerExecutor, maxBatchSize, maxBatchDelaySeconds, rowIndependence, maxQueueLength, maxQueueRows, maxQueueBytes, queueTimeoutSeconds, maxRequestBytes, requestBudgetBytes, receiveTimeoutSeconds, sendTimeoutSeconds, maxConnections, drainSeconds, maxConnectionAgeSeconds, idleTimeoutSeconds, allowedOrigins, allowedHosts, logLevel, page. [serving-option-unknown]
stack/digits: serving.queueTimeoutSeconds is 0. Too small: expected number to be >0. [serving-option-invalid]`,
  ],
  [
    'a disruption budget that blocks every drain',
    (stack) => service(stack, { replicas: 2, disruptionBudget: { minAvailable: 2 } }),
    `stack/digits: disruptionBudget.minAvailable is 2, but the service may have only 2 replicas, so no replica could ever be evicted and no node drained. Use maxUnavailable: 1, or more replicas. [disruption-budget-blocks]`,
  ],
];

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

test.each(MISTAKES)('%s', (_, make, seen) => {
  expect(outputOf(make).replaceAll(folder, '/work')).toBe(seen);
});

function outputOf(make: (stack: TerraformStack) => void): string {
  try {
    synthStack(make);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

function container(stack: TerraformStack, file: string, model: OnnxModelProps = {}, props: object = {}): void {
  new ContainerizedModel(stack, 'digits', { model: OnnxModel.fromFile(file, model), ...props });
}

function service(stack: TerraformStack, props: object, model: OnnxModel = profiled()): void {
  new ScalableModelService(stack, 'digits', { model, repository: 'registry.example.com/ml/digits', ...props });
}

function digits(): string {
  return multiplier('.', 'digits', 2);
}

/**
 * Golden example for a model that doubles its input: the input is 1, and the given elements are the expected output.
 */
function golden(elements: object): string {
  const tensor = (name: string, rest: object) => ({ name, datatype: 'FP32', shape: [1], ...rest });
  const [request, response] = [{ inputs: [tensor('x', { data: [1] })] }, { outputs: [tensor('y', elements)] }];
  return written('digits.golden.json', JSON.stringify({ examples: [{ name: 'one', request, response }] }));
}

function profiled(): OnnxModel {
  return profiledModel(onnx('profiled', { ...identity('float', ['n', 4]) }));
}

function withProfileOf(sha256: string): string {
  writeFileSync('stale.profile.json', JSON.stringify(profileOf(sha256)));
  return onnx('stale', identity('float', ['n', 4]));
}

function handWritten(): string {
  writeFileSync('by-hand.profile.json', JSON.stringify({ ...profileOf('0'.repeat(64)), runs: [] }));
  return onnx('by-hand', identity('float', ['n', 4]));
}

/**
 * Writes a model with the given inputs and outputs. Its accepted interface has the input x: FP32 [n, 4], and the
 * outputs y and labels.
 */
function changed(
  inputs = [value('x', 'float', ['n', 4])],
  outputs = [value('y', 'float', ['n', 4]), value('labels', 'int64', ['n'])],
): string {
  const accepted = {
    inputs: [fp32('x')],
    outputs: [fp32('y'), { name: 'labels', datatype: 'INT64' as const, dimensions: ['n'] }],
  };
  writeInterface('changed.interface.json', { name: 'changed', ...accepted }, '1');
  return onnx('changed', { inputs, outputs, nodes: [] });
}

function fp32(name: string) {
  return { name, datatype: 'FP32' as const, dimensions: ['n', 4] };
}

function canary(stack: TerraformStack): void {
  const of = (name: string, version: string, rows: string | number) =>
    OnnxModel.fromFile(onnx(name, identity('float', [rows, 4])), { name: 'digits', version });
  const repository = 'registry.example.com/ml/digits';
  const stable = new ScalableModelService(stack, 'digits', { model: of('stable', '1', 'n'), repository, replicas: 4 });
  stable.addCanary('next', { model: of('next', '2', 1), weight: 20 });
}

function onnx(name: string, parts: Parameters<typeof writeOnnxModel>[1]): string {
  return writeOnnxModel(`${name}.onnx`, parts);
}

function written(path: string, content: string): string {
  writeFileSync(path, content);
  return path;
}

function truncated(path: string): string {
  const file = onnx(path.replace('.onnx', ''), identity('float', ['n', 4]));
  truncateSync(file, 60);
  return file;
}
