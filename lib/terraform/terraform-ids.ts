import { TerraformOutput, TerraformResource, TerraformStack } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import type { Problem } from '../base/errors';
import { workloadErrors } from './errors';

const constructsOfStacks = new WeakMap<TerraformStack, Set<IConstruct>>();

/**
 * Checks at synth that no resource or output of a construct has the same Terraform id as another one, because cdktf
 * would merge the two silently. Ids can be equal because cdktf omits the id "Default", and `overrideLogicalId` can set
 * any id.
 */
export function checkTerraformIds(construct: Construct): void {
  const stack = TerraformStack.of(construct);
  const known = constructsOfStacks.get(stack);
  if (known) return void known.add(construct);
  const constructs = new Set<IConstruct>([construct]);
  constructsOfStacks.set(stack, constructs);
  stack.node.addValidation({
    validate: () => sharedIds(stack, constructs).map(({ code, message }) => `${message} [${code}]`),
  });
}

/**
 * Reports one problem for each pair of scopes: if two constructs have the same id, so do all their children.
 */
function sharedIds(stack: TerraformStack, constructs: ReadonlySet<IConstruct>): Problem[] {
  const elements = new Map<string, IConstruct>();
  const problems = new Map<string, Problem>();
  for (const element of stack.node.findAll()) {
    const id = TerraformStack.of(element) === stack ? terraformId(element) : undefined;
    if (id === undefined) continue;
    const other = elements.get(id) ?? element;
    elements.set(id, other);
    if (other === element) continue;
    const isOurs = [element, other].some(({ node }) => node.scopes.some((scope) => constructs.has(scope)));
    if (!isOurs) continue;
    const scopes = [element, other].map(({ node }) => node.scope?.node.path).join('\n');
    if (problems.has(scopes)) continue;
    problems.set(scopes, workloadErrors.terraformIdTaken(element.node.path, id, other.node.path));
  }
  return [...problems.values()];
}

function terraformId(element: IConstruct): string | undefined {
  if (TerraformOutput.isTerraformOutput(element)) return `output.${element.friendlyUniqueId}`;
  if (!TerraformResource.isTerraformResource(element)) return undefined;
  return `${element.terraformResourceType}.${element.friendlyUniqueId}`;
}
