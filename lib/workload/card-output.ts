import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { cardProperties } from '../model/model-card';
import type { OnnxModel } from '../model/onnx-model';

/** Tells what people say of the model, by the names that its server uses, where they say something. */
export function outputCard(scope: Construct, { card }: OnnxModel): void {
  if (!card) return;
  const literals = Object.entries(cardProperties(card)).map(([name, text]) => [literal(name), literal(text)]);
  new TerraformOutput(scope, 'model-card', { value: Object.fromEntries(literals) });
}

/** Terraform would take these for the start of a template: https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences */
function literal(text: string): string {
  return text.replace(/[$%]\{/g, (start) => `${start[0]}${start}`);
}
