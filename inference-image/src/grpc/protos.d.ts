/** The bundler (esbuild.config.mjs) converts a protocol file to the JSON that protobufjs reads. */
declare module '*.proto' {
  const file: import('protobufjs').INamespace;
  export default file;
}
