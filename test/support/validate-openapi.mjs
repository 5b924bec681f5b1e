// Reads a JSON array of OpenAPI documents from standard input, validates them, and prints the faults of each. It is a
// separate program, because the validator is an ES module, which jest cannot load.
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
