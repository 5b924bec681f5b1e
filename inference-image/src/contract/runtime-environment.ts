/**
 * Variables of every process that loads the runtime. Unless it is told not to, onnxruntime 1.30 on Linux and macOS sends
 * usage to Microsoft, and keeps a device id and a cache of it in the user's home.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379
 */
export const RUNTIME_ENVIRONMENT = { ORT_DISABLE_TELEMETRY: '1' } as const;
