import {
  domainName,
  functionKey,
  type FunctionMessage,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type OperatorSetMessage,
  type ValueInfoMessage,
} from '../onnx/decoded-model';
import { declaredSizes, namesWithEffect, refuseUntrue, type DeclaredSizes } from './declared-sizes';
import { Attributes } from './operators/attributes';
import { Call } from './operators/call';
import { transferOf } from './operators/table';
import { isFilled, unwritten } from './operators/unwritten';
import { inOrder, readNodes, type Placed } from './order';
import { checked, notUniformWith, withUnknownElements } from './results';
import { Scope } from './scope';
import { constantTensor, sparseConstant } from './values/constants';
import type { ExactSizes } from './values/exact-sizes';
import { CannotRun, isOwn, NeedsDecision, notUnderstood, Obstacle, Stopped } from './values/obstacle';
import { invariant, isTainted, type Tensor, type Value } from './values/tensor';

/** Domains of operators that the runtime implements. */
const OF_THE_RUNTIME = /^(ai\.onnx|com\.microsoft|com\.ms|org\.pytorch\.aten)(\.|$)/;

/**
 * Limit on the work of all passes over a model: the nodes visited, their inputs and outputs, and the elements computed.
 */
export class Budget {
  constructor(private left: number) {}

  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw notUnderstood('the model takes too many steps to follow');
  }
}

/** Maximum nesting of functions and graphs. */
const MAX_DEPTH = 24;

/** Maximum number of inputs and outputs of a node. */
const MAX_NAMES = 4096;

/** Environment of a list of nodes. */
interface Context {
  readonly opsets: ReadonlyMap<string, number>;
  readonly sizes: ExactSizes;
  /** Attributes of the function call that the nodes belong to. */
  readonly bound?: Attributes;
  /** Unique prefix of the atoms that these nodes create. */
  readonly path: string;
  readonly depth: number;
  /** Whether the nodes run at most once. */
  readonly once: boolean;
}

/** Order of nodes, and the nodes whose results are used. */
interface Plan {
  readonly order: readonly Placed[];
  readonly read: ReadonlySet<NodeMessage>;
  readonly declared: DeclaredSizes;
}

/** Nodes of a graph or a function, and what it declares about their results. */
interface Body {
  readonly node: readonly NodeMessage[];
  declared(): readonly ValueInfoMessage[];
}

/** Follows all nodes of a model, once for each assignment of the rows to axes of the inputs. */
export class Interpreter {
  private readonly functions: ReadonlyMap<string, FunctionMessage>;
  /** Opsets of the graph. The runtime also uses these versions for the nodes of functions. */
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly initial = new Map<GraphMessage, ReadonlyMap<string, Value>>();
  private readonly attributes = new Map<NodeMessage, Attributes>();
  private readonly plans = new Map<readonly NodeMessage[], Plan>();

  /** @param heedsDeclared - whether untrue declared sizes stop the proof; false for a file without them */
  constructor(
    model: ModelMessage,
    private readonly budget: Budget,
    private readonly heedsDeclared: boolean,
  ) {
    this.opsets = versions(model.opsetImport);
    this.functions = new Map(model.functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));
  }

  /**
   * Evaluates the outputs of the graph.
   *
   * @param assumed - assumed values of unknown conditions
   * @param sizes - records the sizes of axes up to which the outputs are valid
   * @throws Stopped, CannotRun, NeedsDecision
   */
  outputs(
    graph: GraphMessage,
    inputs: ReadonlyMap<string, Value>,
    assumed: ReadonlyMap<string, boolean>,
    sizes: ExactSizes,
  ): Value[] {
    const context: Context = { opsets: this.opsets, sizes, path: '', depth: 0, once: true };
    return this.graph(graph, new Scope(inputs), context, assumed);
  }

  private graph(graph: GraphMessage, scope: Scope, context: Context, assumed: ReadonlyMap<string, boolean>): Value[] {
    this.define(graph, scope, context.path);
    const results = graph.output.map(({ name }) => name);
    const declared = () => {
      // The runtime passes what branches and loops declare on to the nodes around them.
      const used = scope.isOutermost ? namesWithEffect(graph.node) : undefined;
      return [...graph.valueInfo, ...graph.output.filter(({ name }) => used?.has(name) ?? true)];
    };
    this.nodes({ node: graph.node, declared }, results, scope, context, assumed);
    return results.map((name) => scope.find(name));
  }

  /**
   * Defines the initializers of a graph. They replace inputs of the same name, because the server does not let callers
   * override initializers.
   */
  private define(graph: GraphMessage, scope: Scope, path: string): void {
    let known = this.initial.get(graph);
    if (!known) {
      known = initialValues(graph, path);
      this.initial.set(graph, known);
    }
    for (const [name, value] of known) {
      if (scope.defines(name)) throw notUnderstood('a constant in it has the name of an input');
      scope.define(name, value);
    }
  }

  private nodes(
    body: Body,
    results: readonly string[],
    scope: Scope,
    context: Context,
    assumed: ReadonlyMap<string, boolean>,
  ): void {
    const { order, read, declared } = this.planOf(body, results);
    for (const { node, index } of order) {
      if (node.output.some((name) => name && scope.defines(name))) {
        throw new Stopped(node, notUnderstood('the name of its result is already used'));
      }
      const values = this.node(node, `${context.path}/${index}`, scope, context, assumed, read.has(node));
      node.output.forEach((name, at) => {
        if (name) refuseAt(node, () => refuseUntrue(declared, name, values[at]));
        if (name)
          scope.define(name, values[at] ?? { kind: 'unusable', obstacle: notUnderstood('it has no such output') });
      });
    }
  }

  private declared(infos: readonly ValueInfoMessage[]): DeclaredSizes {
    return declaredSizes(this.heedsDeclared ? infos : []);
  }

  private planOf({ node: nodes, declared }: Body, results: readonly string[]): Plan {
    let plan = this.plans.get(nodes);
    if (!plan) {
      plan = { order: inOrder(nodes), read: readNodes(nodes, results), declared: this.declared(declared()) };
      this.plans.set(nodes, plan);
    }
    return plan;
  }

  private node(
    node: NodeMessage,
    path: string,
    scope: Scope,
    context: Context,
    assumed: ReadonlyMap<string, boolean>,
    isRead: boolean,
  ): readonly Value[] {
    try {
      const names = node.input.length + node.output.length;
      if (names > MAX_NAMES) throw notUnderstood('it has too many inputs and outputs to follow');
      this.budget.spend(1 + names);
      return this.transferred(node, path, scope, context, assumed).map((value, at) =>
        withUnknownElements(checked(value), `${path}:${at}`),
      );
    } catch (thrown) {
      const problem = isOwn(thrown) ? thrown : notUnderstood('it is malformed');
      if (problem instanceof NeedsDecision) problem.node ??= node;
      // A loop may run zero steps, and then nothing in it fails.
      if (problem instanceof CannotRun && !context.once) throw new Stopped(node, notUnderstood(problem.reason));
      if (problem instanceof Obstacle) {
        if (isRead || !neverFails(node, problem)) throw new Stopped(node, isRead ? problem : unread(problem));
        return node.output.map(() => ({ kind: 'unusable', obstacle: problem }));
      }
      throw problem;
    }
  }

  private transferred(
    node: NodeMessage,
    path: string,
    scope: Scope,
    context: Context,
    assumed: ReadonlyMap<string, boolean>,
  ): readonly Value[] {
    const inputs = node.input.map((name) => (name ? scope.find(name) : undefined));
    const attributes = this.attributesOf(node, context);
    const domain = domainName(node.domain);
    const own = this.functions.size > 0 && this.functions.get(functionKey(node.domain, node.opType, node.overload));
    const transfer = transferOf(domain, node.opType);
    if (own) {
      // If two definitions have the same name, the runtime decides which of them it uses. It also has operators for
      // which there are no rules here.
      if (transfer || OF_THE_RUNTIME.test(domain))
        throw notUnderstood('the model has a function whose name may be an operator of the runtime');
      return this.call(own, inputs, attributes, path, context, assumed);
    }
    const call = new Call(node, versionOf(domain, context), attributes, inputs, path, {
      assumed: (condition) => (context.once ? assumed.get(condition) : undefined),
      once: context.once,
      sizes: context.sizes,
      spend: (steps) => this.budget.spend(steps),
      evaluate: (graph, values, label) => {
        const once = context.once && node.opType === 'If';
        return this.subgraph(graph, values, scope, { ...context, once, path: `${path}/${label}` }, assumed);
      },
    });
    try {
      if (!transfer) throw notUnderstood('its effect on rows is unknown');
      const result = transfer(call);
      const values = 'kind' in result ? [result] : result;
      // The nodes of inner graphs have been analyzed already.
      return attributes.hasGraphs ? values : values.map((value) => notUniformWith(inputs, value));
    } catch (problem) {
      // If the inputs are the same for all rows, so are the results, whatever the operator does.
      if (!(problem instanceof Obstacle) || problem.always) throw problem;
      if (onlyShared(inputs) && !attributes.hasGraphs && !isRandom(node)) {
        // A kernel without a rule here might leave its results unwritten if a tensor is empty.
        if (!transfer && !inputs.every((value) => !value || isFilled(value))) throw unwritten();
        return node.output.map(() => invariant(undefined));
      }
      throw problem;
    }
  }

  /**
   * Parses the attributes of a node once for all passes, or once for each evaluation if the node is inside a function.
   */
  private attributesOf(node: NodeMessage, { bound }: Context): Attributes {
    if (bound) return new Attributes(node.attribute, bound);
    let attributes = this.attributes.get(node);
    if (!attributes) {
      attributes = new Attributes(node.attribute);
      this.attributes.set(node, attributes);
    }
    return attributes;
  }

  private subgraph(
    graph: GraphMessage,
    values: readonly Value[],
    outer: Scope,
    context: Context,
    assumed: ReadonlyMap<string, boolean>,
  ): Value[] {
    const depth = this.deeper(context);
    if (graph.input.length !== values.length) throw notUnderstood('a graph in it receives the wrong number of inputs');
    const inputs = new Map(graph.input.map(({ name }, at) => [name, values[at] as Value]));
    const declared = this.declared(graph.input);
    for (const [name, value] of inputs) refuseUntrue(declared, name, value);
    return this.graph(graph, new Scope(inputs, outer), { ...context, depth }, assumed);
  }

  /** Evaluates a function of the model in place of its call. */
  private call(
    own: FunctionMessage,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    path: string,
    context: Context,
    assumed: ReadonlyMap<string, boolean>,
  ): Value[] {
    const depth = this.deeper(context);
    const opsets = versions(own.opsetImport);
    // The runtime takes the newest operators if the model does not import them.
    const isOther = ([domain, version]: [string, number]) =>
      (this.opsets.get(domain) ?? (domain === 'ai.onnx' ? undefined : version)) !== version;
    if ([...opsets].some(isOther)) throw notUnderstood('a function of the model uses a different opset than the model');
    const scope = new Scope();
    own.input.forEach((name, at) => {
      const value = inputs[at];
      if (value) scope.define(name, value);
    });
    const absent = own.input.filter((_, at) => !inputs[at]);
    const inner: Context = {
      ...context,
      opsets,
      bound: attributes.withDefaults(own.attributeProto),
      path,
      depth,
    };
    const node = absent.length === 0 ? own.node : own.node.map((each) => withoutInputs(each, absent));
    this.nodes({ node, declared: () => own.valueInfo }, own.output, scope, inner, assumed);
    return own.output.map((name) => scope.find(name));
  }

  private deeper({ depth }: Context): number {
    if (depth >= MAX_DEPTH) throw notUnderstood('graphs and functions are nested too deeply to follow');
    return depth + 1;
  }
}

/** Values of the constants of a graph. */
function initialValues({ initializer, sparseInitializer }: GraphMessage, path: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const message of initializer) {
    const { name } = message;
    values.set(name, withUnknownElements(checked(constantTensor(message)), `${path}=${JSON.stringify(name)}`));
  }
  for (const sparse of sparseInitializer) values.set(sparse.values?.name ?? '', checked(sparseConstant(sparse)));
  return values;
}

function refuseAt(node: NodeMessage, check: () => void): void {
  try {
    check();
  } catch (problem) {
    throw problem instanceof Obstacle ? new Stopped(node, problem) : problem;
  }
}

/** Removes optional inputs that a function call omits. */
function withoutInputs(node: NodeMessage, absent: readonly string[]): NodeMessage {
  return { ...node, input: node.input.map((name) => (absent.includes(name) ? '' : name)) };
}

/**
 * Opset version of a domain; 1 if the model does not import the domain. The runtime then uses the newest version, but
 * only the rules for ai.onnx depend on versions.
 */
function versionOf(domain: string, { opsets }: Context): number {
  const version = opsets.get(domain);
  if (version === undefined && domain === 'ai.onnx')
    throw notUnderstood('the model does not declare the version of its operators');
  return version ?? 1;
}

function versions(imports: readonly OperatorSetMessage[]): Map<string, number> {
  return new Map(imports.map(({ domain, version }) => [domainName(domain), version]));
}

function onlyShared(inputs: readonly (Value | undefined)[]): boolean {
  return inputs.every((value) => !value || (value.kind === 'tensor' && isShared(value)));
}

function isShared(t: Tensor): boolean {
  return !t.rows && !isTainted(t);
}

const RANDOM = /^(Random|Bernoulli|Multinomial|Dropout$|TrainingDropout)/;

function isRandom({ opType }: NodeMessage): boolean {
  return RANDOM.test(opType);
}

/** Operators that couple rows but run with any number of rows. */
const TOTAL = /^(Reduce|ArgM|.*[Ss]oftmax$|Hardmax$|CumSum$|NonZero$|Unique$|DynamicQuantizeLinear$|LpNormalization$)/;

function neverFails(node: NodeMessage, { verdict }: Obstacle): boolean {
  return verdict === 'coupled' && TOTAL.test(node.opType);
}

function unread({ reason }: Obstacle): Obstacle {
  return notUnderstood(`${reason}; its result is unused, but it may fail`);
}
