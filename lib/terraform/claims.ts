import { TerraformStack, type TerraformProvider } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';

/** Exclusive use of a value by a construct. */
export interface Claim<T> {
  /** Path of the construct. */
  readonly owner: string;
  readonly value: T;
}

interface OwnClaim<T> extends Claim<T> {
  readonly construct: Construct;
}

/**
 * Values that constructs of a stack use exclusively, such as names and ports. Claims are separate for each stack and
 * provider, because they may target different engines and clusters, such as test and production.
 */
export class Claims<T> {
  private readonly byStack = new WeakMap<TerraformStack, Map<string, OwnClaim<T>[]>>();

  /** @param conflict - whether two constructs must not use both values at the same time */
  constructor(private readonly conflict: (one: T, other: T) => boolean) {}

  /**
   * Claims a value for a construct. If it conflicts with the claim of another construct, returns that claim instead.
   */
  claim(owner: Construct, provider: TerraformProvider | undefined, value: T): Claim<T> | undefined {
    const claims = this.claimsOf(TerraformStack.of(owner), provider);
    const other = claims.find(
      ({ construct, value: taken }) => construct !== owner && this.conflict(taken, value) && isInTree(construct),
    );
    if (!other) claims.push({ owner: owner.node.path, construct: owner, value });
    return other;
  }

  private claimsOf(stack: TerraformStack, provider: TerraformProvider | undefined) {
    const byProvider = this.byStack.get(stack) ?? new Map<string, OwnClaim<T>[]>();
    this.byStack.set(stack, byProvider);
    // The default provider has no alias, even if it is passed explicitly.
    const alias = provider?.alias ?? '';
    const claims = byProvider.get(alias) ?? [];
    byProvider.set(alias, claims);
    return claims;
  }
}

/** Whether neither a construct nor any of its scopes was removed with `tryRemoveChild`. */
function isInTree({ node }: IConstruct): boolean {
  return !node.scope || (node.scope.node.tryFindChild(node.id)?.node === node && isInTree(node.scope));
}
