/** The bundler turns a protocol file into what protobufjs reads from it (esbuild.config.mjs). */
declare module '*.proto' {
  const file: import('protobufjs').INamespace;
  export default file;
}
