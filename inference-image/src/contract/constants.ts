/** Constants of the contract, apart from the schemas that check them and from the types inferred from those. */

/** Incremented when servers of the previous version can no longer read model.json. */
export const CONTRACT_VERSION = 2;

/**
 * Datatypes of the Open Inference Protocol that onnxruntime-node supports.
 *
 * @see https://github.com/kserve/open-inference-protocol
 */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export const PICTURE_COLORS = ['gray', 'rgb', 'bgr'] as const;
export const PICTURE_FITS = ['stretch', 'cover', 'contain'] as const;
/** Datatypes that pixels can be converted to. For other types, use a Cast in the graph. */
export const PICTURE_DATATYPES = ['FP32', 'FP64', 'UINT8'] as const;

/** Defaults of settings that do not depend on other values. */
export const SETTING_DEFAULTS = {
  modelFolder: '/model',
  host: '0.0.0.0',
  httpPortNumber: 8080,
  grpcPortNumber: 8081,
  metricsPortNumber: 8082,
  logLevel: 'info',
  executors: 1,
  maxBatchDelaySeconds: 0,
  rowIndependence: 'prove',
  maxQueueLength: 128,
  maxQueueRows: 1024 * 1024,
  maxQueueBytes: 64 * 1024 * 1024,
  queueTimeoutSeconds: 30,
  receiveTimeoutSeconds: 60,
  sendTimeoutSeconds: 60,
  maxConnections: 1024,
  drainSeconds: 5,
  maxConnectionAgeSeconds: 300,
  idleTimeoutSeconds: 75,
  allowedOrigins: [],
  page: false,
} as const;
