import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, readConfiguration } from '../../../inference-image/src/host/configuration';
import { settingsSchema } from '../../../inference-image/src/contract/schemas';
import { modelFolder } from '../../support/model-folder';
import { identity } from '../../support/onnx-builder';

const folder = modelFolder(identity('float', ['n', 4]));
afterAll(() => rmSync(folder, { recursive: true }));

function read(environment: NodeJS.ProcessEnv) {
  return readConfiguration({ MODEL_SERVING_MODEL_FOLDER: folder, ...environment });
}

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(environment);
  } catch (error) {
    return (error as ConfigurationError).problems;
  }
  return [];
}

test('uses the defaults', () => {
  expect(read({}).settings).toEqual({
    modelFolder: folder,
    host: '0.0.0.0',
    httpPortNumber: 8080,
    grpcPortNumber: 8081,
    metricsPortNumber: 8082,
    logLevel: 'info',
    executors: 1,
    maxBatchDelaySeconds: 0,
    rowIndependence: 'prove',
    maxQueueLength: 128,
    maxQueueRows: 1_048_576,
    maxQueueBytes: 67_108_864,
    queueTimeoutSeconds: 30,
    receiveTimeoutSeconds: 60,
    sendTimeoutSeconds: 60,
    maxConnections: 1024,
    idleTimeoutSeconds: 75,
    allowedOrigins: [],
    drainSeconds: 5,
    maxConnectionAgeSeconds: 300,
    page: false,
  });
  expect(settingsSchema.parse({}).modelFolder).toBe('/model');
});

test('parses numbers', () => {
  const { settings } = read({ MODEL_SERVING_EXECUTORS: '3', MODEL_SERVING_QUEUE_TIMEOUT_SECONDS: '0.5' });
  expect(settings).toMatchObject({ executors: 3, queueTimeoutSeconds: 0.5 });
});

test.each([
  ['true', true],
  ['false', false],
])('the page is %s', (text, page) => {
  expect(read({ MODEL_SERVING_PAGE: text }).settings.page).toBe(page);
});

test('the page is on or off', () => {
  expect(problemsOf({ MODEL_SERVING_PAGE: 'yes' })).toEqual(['MODEL_SERVING_PAGE is "yes": must be true or false']);
});

test.each([
  ['prove', 'prove'],
  ['exact', 'exact'],
  ['assume', 'assume'],
  // A library of the previous release sets this value.
  ['probe', 'prove'],
])('rowIndependence of %s', (text, rowIndependence) => {
  expect(read({ MODEL_SERVING_ROW_INDEPENDENCE: text }).settings).toMatchObject({ rowIndependence });
});

test('refuses other values of rowIndependence', () => {
  expect(problemsOf({ MODEL_SERVING_ROW_INDEPENDENCE: 'hope' })).toEqual([
    'MODEL_SERVING_ROW_INDEPENDENCE is "hope": Invalid option: expected one of "prove"|"exact"|"assume"',
  ]);
});

test('an empty value means that the setting is omitted', () => {
  expect(read({ MODEL_SERVING_EXECUTORS: '', MODEL_SERVING_LOG_LEVEL: '' }).settings).toMatchObject({
    executors: 1,
    logLevel: 'info',
  });
});

test.each([
  ['0', 'Too small: expected number to be >0'],
  ['86401', 'Too big: expected number to be <=86400'],
])('refuses a connection age of %s s', (age, problem) => {
  expect(problemsOf({ MODEL_SERVING_MAX_CONNECTION_AGE_SECONDS: age })).toEqual([
    `MODEL_SERVING_MAX_CONNECTION_AGE_SECONDS is "${age}": ${problem}`,
  ]);
});

test('reports all problems at once, each with the value and the allowed values', () => {
  expect(
    problemsOf({
      MODEL_SERVING_EXECUTORS: '0',
      MODEL_SERVING_THREADS_PER_EXECUTOR: 'two',
      MODEL_SERVING_LOG_LEVEL: 'loud',
      MODEL_SERVING_EXPECTED_SHA256: 'abc',
      MODEL_SERVING_MODEL_FOLDER: '/nowhere',
    }),
  ).toEqual([
    'MODEL_SERVING_EXPECTED_SHA256 is "abc": must be 64 lower-case hexadecimal digits',
    'MODEL_SERVING_LOG_LEVEL is "loud": Invalid option: expected one of "trace"|"debug"|"info"|"warn"|"error"|"silent"',
    'MODEL_SERVING_EXECUTORS is "0": Too small: expected number to be >=1',
    'MODEL_SERVING_THREADS_PER_EXECUTOR is "two": Invalid input: expected number, received NaN',
    "/nowhere/model.json: ENOENT: no such file or directory, open '/nowhere/model.json'",
  ]);
});

test('an unknown variable is refused', () => {
  const [problem] = problemsOf({ MODEL_SERVING_EXECUTOR: '2' });
  expect(problem).toMatch(
    /^MODEL_SERVING_EXECUTOR is not a setting; the settings are MODEL_SERVING_MODEL_FOLDER, .*MODEL_SERVING_PAGE$/,
  );
});

test("ignores Kubernetes' variables for a Service with a similar name", () => {
  const variables = {
    MODEL_SERVING_SERVICE_HOST: '10.0.0.1',
    MODEL_SERVING_SERVICE_PORT: '80',
    MODEL_SERVING_SERVICE_PORT_HTTP: '80',
    MODEL_SERVING_PORT: 'tcp://10.0.0.1:80',
    MODEL_SERVING_HTTP_PORT: 'tcp://10.0.0.1:80',
    MODEL_SERVING_PORT_80_TCP: 'tcp://10.0.0.1:80',
    MODEL_SERVING_PORT_80_TCP_PROTO: 'tcp',
    MODEL_SERVING_PORT_80_TCP_PORT: '80',
    MODEL_SERVING_PORT_80_TCP_ADDR: '10.0.0.1',
  };
  expect(read(variables).settings.httpPortNumber).toBe(8080);
});

test('the configuration is frozen', () => {
  const { settings, manifest } = read({});
  expect(() => Object.assign(settings, { executors: 9 })).toThrow(TypeError);
  expect(() => Object.assign(manifest.signature.inputs[0]!, { name: 'z' })).toThrow(TypeError);
});

describe('model.json', () => {
  const path = join(folder, 'model.json');
  const original = readFileSync(path, 'utf8');
  afterEach(() => writeFileSync(path, original));

  test('problems name the field, its value and the allowed values', () => {
    const manifest = JSON.parse(original);
    manifest.contractVersion = 3;
    manifest.files[0].path = '../outside';
    manifest.signature.inputs[0].datatype = 'FLOAT';
    writeFileSync(path, JSON.stringify(manifest));
    expect(problemsOf({})).toEqual([
      `${path}: contractVersion is 3: Invalid option: expected one of 1|2`,
      `${path}: files[0].path is "../outside": must stay inside the model folder`,
      expect.stringMatching(/: signature\.inputs\[0\]\.datatype is "FLOAT": Invalid option: expected one of "BOOL"\|/),
    ]);
  });

  test('may come from the previous release, without a verdict', () => {
    const { batching, ...manifest } = JSON.parse(original);
    expect(batching.verdict).toBe('independent');
    writeFileSync(path, JSON.stringify({ ...manifest, contractVersion: 1 }));
    expect(read({}).manifest.batching).toBeUndefined();
  });

  test.each([
    [{ inputAxes: [0, 0], outputAxes: [0] }, 'inputAxes is [0,0]: must have 1 elements, one for each input'],
    [{ inputAxes: [0], outputAxes: [] }, 'outputAxes is []: must have 1 elements, one for each output'],
    [{ inputAxes: [0], outputAxes: [2] }, 'outputAxes[0] is 2: must be less than 2, the rank of output "y"'],
    [
      { inputAxes: [1], outputAxes: [0] },
      'inputAxes[0] is 1: must not be an axis of fixed size: input "x" has size 4 there',
    ],
    [{ inputAxes: [null], outputAxes: [0] }, 'inputAxes is [null]: must name the row axis of at least one input'],
    [{ inputAxes: [-1], outputAxes: [0] }, 'inputAxes[0] is -1: Too small: expected number to be >=0'],
    [{ inputAxes: [0], outputAxes: [null] }, 'outputAxes[0] is null: Invalid input: expected number, received null'],
  ])('reports row axes that do not match the signature: %j', (axes, problem) => {
    const batching = { verdict: 'independent', ...axes };
    writeFileSync(path, JSON.stringify({ ...JSON.parse(original), batching }));
    expect(problemsOf({})).toEqual([`${path}: batching.${problem}`]);
  });

  test('must be JSON', () => {
    writeFileSync(path, '{');
    expect(problemsOf({})).toEqual([expect.stringContaining(`${path}: not valid JSON: `)]);
  });

  test('must have the digest of the files that it lists', () => {
    const manifest = JSON.parse(original);
    const sha256 = '0'.repeat(64);
    writeFileSync(path, JSON.stringify({ ...manifest, sha256 }));
    expect(problemsOf({})).toEqual([`${path}: sha256 is ${sha256}, but the listed files have ${manifest.sha256}`]);
  });
});
