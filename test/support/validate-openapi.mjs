// Validates OpenAPI documents, a JSON array on standard input, and prints what is wrong with each. The validator is an
// ES module, which jest cannot load.
import { Validator } from '@seriousme/openapi-schema-validator';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const results = [];
for (const document of JSON.parse(text)) {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(document);
  results.push({ valid, version: validator.version, errors });
}
console.log(JSON.stringify(results));
