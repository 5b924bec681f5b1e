import type { Problem } from '../errors';

/** What can be wrong with the file of an OpenAPI document; `where` is the construct's path, or the command. */
export const openApiErrors = {
  notWritten: (where: string, prop: string, path: string, reason: string): Problem => ({
    code: 'openapi-file-unwritable',
    message: `${where}: ${prop} "${path}" cannot be written: ${reason}. Give the path of a file in a folder that this user may write to.`,
  }),

  notOwn: (where: string, prop: string, path: string): Problem => ({
    code: 'openapi-file-not-own',
    message: `${where}: ${prop} "${path}" exists and is not the OpenAPI document of a model. Give another path, or remove the file.`,
  }),

  shared: (where: string, path: string, other: string): Problem => ({
    code: 'openapi-file-shared',
    message: `${where}: openApiFile "${path}" is also that of ${other}, which has another model. Give each model's document a file of its own.`,
  }),
};
