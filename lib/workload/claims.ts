import { TerraformStack, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';

/** What a construct has for itself alone. */
export interface Claim<T> {
  /** Path of the construct. */
  readonly owner: string;
  readonly value: T;
}

/**
 * What the constructs of a stack have for themselves alone, such as a name or a port. Stacks may be applied to different
 * engines and clusters, as those for test and production are, and so may the providers of one stack: each has claims of
 * its own.
 */
export class Claims<T> {
  private readonly ofStacks = new WeakMap<TerraformStack, Map<string, Claim<T>[]>>();

  /** @param conflict Whether two constructs cannot have both. */
  constructor(private readonly conflict: (one: T, other: T) => boolean) {}

  /** Notes what a construct has for itself, unless another construct's claim conflicts, which is returned. */
  claim(owner: Construct, provider: TerraformProvider | undefined, value: T): Claim<T> | undefined {
    const claims = this.claimsOf(TerraformStack.of(owner), provider);
    const { path } = owner.node;
    const other = claims.find((claim) => claim.owner !== path && this.conflict(claim.value, value));
    if (!other) claims.push({ owner: path, value });
    return other;
  }

  private claimsOf(stack: TerraformStack, provider: TerraformProvider | undefined): Claim<T>[] {
    const ofProviders = this.ofStacks.get(stack) ?? new Map<string, Claim<T>[]>();
    this.ofStacks.set(stack, ofProviders);
    // The default provider has no alias, whether it is named or not.
    const alias = provider?.alias ?? '';
    const claims = ofProviders.get(alias) ?? [];
    ofProviders.set(alias, claims);
    return claims;
  }
}
