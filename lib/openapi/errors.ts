import type { Problem } from '../base/errors';

/** Problems with the file of an OpenAPI document; `where` is the construct's path or the command. */
export const openApiErrors = {
  notWritten: (where: string, prop: string, path: string, reason: string): Problem => ({
    code: 'openapi-file-unwritable',
    message: `${where}: ${prop} "${path}" cannot be written: ${reason}. Use a file in a folder that you can write to.`,
  }),

  notOwn: (where: string, prop: string, path: string): Problem => ({
    code: 'openapi-file-not-own',
    message: `${where}: ${prop} "${path}" exists but is not the OpenAPI document of a model. Use another path, or remove the file.`,
  }),

  shared: (where: string, path: string, other: string): Problem => ({
    code: 'openapi-file-shared',
    message: `${where}: openApiFile "${path}" is also used by ${other}, which has a different model. Use a separate file for the document of each model.`,
  }),
};
