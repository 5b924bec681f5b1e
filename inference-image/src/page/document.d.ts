/** The bundler combines the page's files into one document (esbuild.config.mjs). */
declare module '*/page/index.html' {
  export const html: string;
  export const contentSecurityPolicy: string;
}
