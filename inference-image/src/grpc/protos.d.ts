/** The bundler converts a protocol file to the JSON that protobufjs reads (esbuild.config.mjs). */
declare module '*.proto' {
  const file: import('protobufjs').INamespace;
  export default file;
}
