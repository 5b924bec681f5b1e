/** The bundler makes one document of the page's files (esbuild.config.mjs). */
declare module '*/page/index.html' {
  export const html: string;
  export const contentSecurityPolicy: string;
}
