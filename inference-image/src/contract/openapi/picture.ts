import type { JsonObject } from './json';

/** Bodies of models that take pictures as they are. */
export const PICTURE_CONTENT: JsonObject = { 'image/png': {}, 'image/jpeg': {} };
