import {
  DURATION_SCHEMA,
  inferResponseSchema,
  modelConfigSchema,
  modelMetadataSchema,
  statisticsSchema,
} from './answers';
import { elementSchemas } from './tensor-schemas';
import { ERROR_SCHEMA, errorComponents } from './errors';
import { inferRequestSchema } from './infer-request';
import { type DescribedModel, type JsonObject, jsonText } from './schema';
import { classAnswerSchema, paths } from './paths';

const PROTOCOL =
  'The Open Inference Protocol (KServe V2) over HTTP. Every path that supports GET also supports HEAD. Every error response of a path is `{"error": "…"}`.';

/**
 * Describes the HTTP port of a server with this model.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(model: DescribedModel): JsonObject {
  const { name, version, signature, properties: { title = name, description } = {} } = model;
  return {
    openapi: '3.1.1',
    info: { title, version, description: [description, PROTOCOL].filter(Boolean).join('\n\n') },
    servers: [{ url: '/' }],
    paths: paths(model),
    components: {
      schemas: {
        InferRequest: inferRequestSchema(signature),
        InferResponse: inferResponseSchema(model),
        ...(model.classes && { ClassAnswer: classAnswerSchema(model) }),
        ModelMetadata: modelMetadataSchema(model),
        ModelConfig: modelConfigSchema(model),
        Statistics: statisticsSchema(model),
        Error: ERROR_SCHEMA,
        Duration: DURATION_SCHEMA,
        ...elementSchemas(signature),
      },
      responses: errorComponents(),
    },
  };
}

/** Text of the document, byte for byte as in the response of `GET /openapi.json`. */
export function openApiText(model: DescribedModel): string {
  return `${jsonText(openApiDocument(model))}\n`;
}
