import { type ServingOptions } from '../../lib/terraform/serving-options';
import { servingEnvironment, servingProblems } from '../../lib/terraform/serving-environment';

test('every option is an environment variable of the container', () => {
  const options: Required<ServingOptions> = {
    executors: 2,
    threadsPerExecutor: 3,
    maxBatchSize: 16,
    maxBatchDelaySeconds: 0.002,
    rowIndependence: 'assume',
    maxQueueLength: 4,
    maxQueueRows: 5,
    maxQueueBytes: 6,
    queueTimeoutSeconds: 7,
    maxRequestBytes: 8,
    requestBudgetBytes: 1_048_576,
    receiveTimeoutSeconds: 0.5,
    sendTimeoutSeconds: 11,
    maxConnections: 12,
    idleTimeoutSeconds: 90,
    allowedOrigins: ['https://a.example', 'http://localhost:3000'],
    allowedHosts: ['localhost', '[::1]'],
    drainSeconds: 9,
    maxConnectionAgeSeconds: 10,
    logLevel: 'warn',
    page: true,
  };
  expect(servingProblems('here', options)).toEqual([]);
  expect(servingEnvironment(options, { expectedSha256: 'abc' })).toEqual({
    MODEL_SERVING_EXECUTORS: '2',
    MODEL_SERVING_THREADS_PER_EXECUTOR: '3',
    MODEL_SERVING_MAX_BATCH_SIZE: '16',
    MODEL_SERVING_MAX_BATCH_DELAY_SECONDS: '0.002',
    MODEL_SERVING_ROW_INDEPENDENCE: 'assume',
    MODEL_SERVING_MAX_QUEUE_LENGTH: '4',
    MODEL_SERVING_MAX_QUEUE_ROWS: '5',
    MODEL_SERVING_MAX_QUEUE_BYTES: '6',
    MODEL_SERVING_QUEUE_TIMEOUT_SECONDS: '7',
    MODEL_SERVING_MAX_REQUEST_BYTES: '8',
    MODEL_SERVING_REQUEST_BUDGET_BYTES: '1048576',
    MODEL_SERVING_RECEIVE_TIMEOUT_SECONDS: '0.5',
    MODEL_SERVING_SEND_TIMEOUT_SECONDS: '11',
    MODEL_SERVING_MAX_CONNECTIONS: '12',
    MODEL_SERVING_IDLE_TIMEOUT_SECONDS: '90',
    MODEL_SERVING_ALLOWED_ORIGINS: 'https://a.example,http://localhost:3000',
    MODEL_SERVING_ALLOWED_HOSTS: 'localhost,[::1]',
    MODEL_SERVING_DRAIN_SECONDS: '9',
    MODEL_SERVING_MAX_CONNECTION_AGE_SECONDS: '10',
    MODEL_SERVING_LOG_LEVEL: 'warn',
    MODEL_SERVING_PAGE: 'true',
    MODEL_SERVING_EXPECTED_SHA256: 'abc',
  });
});

test.each([
  ['constructor', ''],
  ['toString', ''],
  ['__proto__', ''],
  ['batchSize', 'Did you mean maxBatchSize? '],
])('%s is not an option', (name, hint) => {
  const options = JSON.parse(`{ ${JSON.stringify(name)}: 1 }`) as ServingOptions;
  expect(servingProblems('here', options)[0]).toEqual({
    code: 'serving-option-unknown',
    message: expect.stringContaining(`here: serving has no option ${name}. ${hint}The options are executors, `),
  });
});

const ORIGINS =
  'it must be a list of origins, such as https://shop.example.com, without "*" and without a slash at the end.';
const HOSTS =
  'it must be a list of host names without ports and without "*", such as localhost or [::1]; omit it for the default.';

test.each<[ServingOptions, string]>([
  [{ maxBatchSize: 0 }, 'serving.maxBatchSize is 0. Too small: expected number to be >=1.'],
  [{ maxBatchDelaySeconds: 61 }, 'serving.maxBatchDelaySeconds is 61. Too big: expected number to be <=60.'],
  [
    { rowIndependence: 'hope' as 'prove' },
    'serving.rowIndependence is "hope". Invalid option: expected one of "prove"|"exact"|"assume".',
  ],
  [{ maxQueueRows: 0.5 }, 'serving.maxQueueRows is 0.5. Invalid input: expected int, received number.'],
  [{ page: 'on' as unknown as boolean }, 'serving.page is "on"; it must be true or false.'],
  [{ maxQueueBytes: 0 }, 'serving.maxQueueBytes is 0. Too small: expected number to be >=1.'],
  [{ maxRequestBytes: 2 ** 31 }, 'serving.maxRequestBytes is 2147483648. Too big: expected number to be <=2147483647.'],
  [{ requestBudgetBytes: 1000 }, 'serving.requestBudgetBytes is 1000. Too small: expected number to be >=1048576.'],
  [{ receiveTimeoutSeconds: 0 }, 'serving.receiveTimeoutSeconds is 0. Too small: expected number to be >0.'],
  [{ sendTimeoutSeconds: 86_401 }, 'serving.sendTimeoutSeconds is 86401. Too big: expected number to be <=86400.'],
  [{ idleTimeoutSeconds: 0 }, 'serving.idleTimeoutSeconds is 0. Too small: expected number to be >0.'],
  [{ allowedOrigins: ['shop.example'] }, `serving.allowedOrigins has "shop.example"; ${ORIGINS}`],
  [{ allowedOrigins: ['https://shop.example/'] }, `serving.allowedOrigins has "https://shop.example/"; ${ORIGINS}`],
  ...['https://*.shop.example', 'https://a@shop.example', 'https://shop.example:99999', 'https://shop.example?a'].map(
    (origin): [ServingOptions, string] => [
      { allowedOrigins: [origin] },
      `serving.allowedOrigins has "${origin}"; ${ORIGINS}`,
    ],
  ),
  [{ allowedHosts: ['localhost:8080'] }, `serving.allowedHosts has "localhost:8080"; ${HOSTS}`],
  [{ allowedHosts: [] }, `serving.allowedHosts is []; ${HOSTS}`],
  [{ allowedHosts: ['*'] }, `serving.allowedHosts has "*"; ${HOSTS}`],
  [{ maxConnections: 1.5 }, 'serving.maxConnections is 1.5. Invalid input: expected int, received number.'],
])('%j', (options, message) => {
  expect(servingProblems('here', options)[0]).toEqual({ code: 'serving-option-invalid', message: `here: ${message}` });
});
