import { TerraformStack, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';

/** Exclusive use of a value by a construct. */
export interface Claim<T> {
  /** Path of the construct. */
  readonly owner: string;
  readonly value: T;
}

/**
 * Values that constructs of a stack use exclusively, such as names and ports. Claims are separate for each stack and
 * provider, because they may target different engines and clusters, such as test and production.
 */
export class Claims<T> {
  private readonly byStack = new WeakMap<TerraformStack, Map<string, Claim<T>[]>>();

  /** @param conflict - whether two constructs must not use both values at the same time */
  constructor(private readonly conflict: (one: T, other: T) => boolean) {}

  /**
   * Claims a value for a construct. If it conflicts with the claim of another construct, returns that claim instead.
   */
  claim(owner: Construct, provider: TerraformProvider | undefined, value: T): Claim<T> | undefined {
    const claims = this.claimsOf(TerraformStack.of(owner), provider);
    const { path } = owner.node;
    const other = claims.find((claim) => claim.owner !== path && this.conflict(claim.value, value));
    if (!other) claims.push({ owner: path, value });
    return other;
  }

  private claimsOf(stack: TerraformStack, provider: TerraformProvider | undefined): Claim<T>[] {
    const byProvider = this.byStack.get(stack) ?? new Map<string, Claim<T>[]>();
    this.byStack.set(stack, byProvider);
    // The default provider has no alias, even if it is passed explicitly.
    const alias = provider?.alias ?? '';
    const claims = byProvider.get(alias) ?? [];
    byProvider.set(alias, claims);
    return claims;
  }
}
