import type { AttributeMessage, GraphMessage, SparseTensorMessage, TensorMessage } from '../../onnx/decoded-model';
import { notUnderstood } from '../values/obstacle';

/** AttributeProto.AttributeType; 0 in files before IR version 2. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8, sparseTensor: 11 };

/** Attributes of one node. References to attributes of a function call are resolved. */
export class Attributes {
  private readonly byName: ReadonlyMap<string, AttributeMessage>;

  /** @param bound - attributes of the function call that the node belongs to */
  constructor(attributes: readonly AttributeMessage[], bound?: Attributes) {
    const byName = new Map<string, AttributeMessage>();
    for (const attribute of attributes) {
      if (!attribute.refAttrName) byName.set(attribute.name, attribute);
      // The runtime ignores the reference, and takes the value beside it.
      else if (!bound) throw notUnderstood('it refers to an attribute of a function, but is not part of one');
      else {
        const given = bound.byName.get(attribute.refAttrName);
        if (given) byName.set(attribute.name, { ...given, name: attribute.name });
      }
    }
    this.byName = byName;
  }

  /** Adds the function's defaults for attributes that the call omits. */
  withDefaults(defaults: readonly AttributeMessage[]): Attributes {
    if (new Set(defaults.map(({ name }) => name)).size < defaults.length)
      throw notUnderstood('a function of the model has two defaults for one attribute');
    return new Attributes([...defaults.filter(({ name }) => !this.byName.has(name)), ...this.byName.values()]);
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    return this.find(name, TYPE.int)?.i ?? otherwise;
  }

  /** A boolean attribute. Kernels interpret numbers other than 0 and 1 in different ways. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.int(name);
    if (value !== undefined && value !== 0 && value !== 1)
      throw notUnderstood(`its attribute "${name}" is neither 0 nor 1`);
    return value === undefined ? otherwise : value === 1;
  }

  float(name: string): number | undefined {
    return this.find(name, TYPE.float)?.f;
  }

  /** @throws Obstacle if the skeleton contains only the start of the list */
  ints(name: string): readonly number[] | undefined {
    const found = this.find(name, TYPE.ints);
    if (found && found.intsCount > found.ints.length)
      throw notUnderstood(`its attribute "${name}" is too long to follow`);
    return found?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    const found = this.find(name, TYPE.floats);
    if (found && found.floatsCount > found.floats.length)
      throw notUnderstood(`its attribute "${name}" is too long to follow`);
    return found?.floats;
  }

  string(name: string): string | undefined;
  string(name: string, otherwise: string): string;
  string(name: string, otherwise?: string): string | undefined {
    const found = this.find(name, TYPE.string);
    return found ? Buffer.from(found.s).toString('utf8') : otherwise;
  }

  /**
   * Length of a list; undefined if the node does not have the attribute, or if the skeleton contains only the start of
   * a list of integers.
   */
  count(name: string): number | undefined {
    const found = this.byName.get(name);
    if (!found) return undefined;
    const { stringsCount, ints, intsCount, floatsCount } = found;
    if (intsCount > ints.length) return undefined;
    return Math.max(stringsCount, intsCount, floatsCount);
  }

  tensor(name: string): TensorMessage | undefined {
    return this.find(name, TYPE.tensor)?.t ?? undefined;
  }

  sparseTensor(name: string): SparseTensorMessage | undefined {
    return this.find(name, TYPE.sparseTensor)?.sparseTensor ?? undefined;
  }

  graph(name: string): GraphMessage {
    const graph = this.find(name, TYPE.graph)?.g;
    if (!graph) throw notUnderstood(`it has no graph "${name}"`);
    return graph;
  }

  /** Whether any attribute contains a graph. */
  get hasGraphs(): boolean {
    return [...this.byName.values()].some(({ g, graphs }) => g !== null || graphs.length > 0);
  }

  private find(name: string, type: number): AttributeMessage | undefined {
    const found = this.byName.get(name);
    if (found && found.type !== type && found.type !== 0)
      throw notUnderstood(`its attribute "${name}" has the wrong type`);
    return found;
  }
}
