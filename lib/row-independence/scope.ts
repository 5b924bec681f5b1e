import { notUnderstood } from './values/obstacle';
import type { Value } from './values/tensor';

/** Names visible in a graph or a function, and their values. */
export class Scope {
  private readonly names: Map<string, Value>;

  /** @param outer - scope of the graph around it */
  constructor(
    names: Iterable<readonly [string, Value]> = [],
    private readonly outer?: Scope,
  ) {
    this.names = new Map(names);
  }

  /** Whether no graph is around it. */
  get isOutermost(): boolean {
    return this.outer === undefined;
  }

  /** Whether the graph itself defines a name. */
  defines(name: string): boolean {
    return this.names.has(name);
  }

  define(name: string, value: Value): void {
    this.names.set(name, value);
  }

  /** @throws Obstacle if neither the graph nor one around it defines the name */
  find(name: string): Value {
    const value = this.names.get(name) ?? this.outer?.find(name);
    if (!value) throw notUnderstood(`nothing defines ${JSON.stringify(name.slice(0, 80))}`);
    return value;
  }
}
