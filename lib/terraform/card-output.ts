import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { cardProperties } from '../model/model-card';
import type { Model } from '../model/model';

/** Adds a Terraform output with the model card, if there is one, under the names that the server's metadata uses. */
export function outputCard(scope: Construct, { card }: Model): void {
  if (!card) return;
  const literals = Object.entries(cardProperties(card)).map(([name, text]) => [literal(name), literal(text)]);
  new TerraformOutput(scope, 'model-card', { value: Object.fromEntries(literals) });
}

/**
 * Escapes the start of Terraform's template sequences:
 * https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
 */
function literal(text: string): string {
  return text.replace(/[$%]\{/g, (start) => `${start[0]}${start}`);
}
