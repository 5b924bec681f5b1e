/** The bundler (esbuild.config.mjs) combines the page's files into one document. */
declare module '*/page/index.html' {
  export const html: string;
  export const contentSecurityPolicy: string;
}
