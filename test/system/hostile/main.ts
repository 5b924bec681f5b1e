/** npm run test:hostile: attacks a container of the planned size. `run` describes the options. */
import type { Attack, Target, TensorFacts } from './attack';
import { ATTACKS } from './attacks';
import { ALL, SHORT, type Configuration } from './configurations';
import { Container } from '../../support/container/container';
import type { Plan } from '../../support/container/plan';
import { readOptions, type Options } from './options';
import { configurationPlan } from './plan';
import { line, nameOf, resultTable, type Result } from './report';
import { attempt, Witnesses } from './trial';
import { faults } from './verdict';

const DEFAULT_MAX_REQUEST_BYTES = 16 * 1024 * 1024;

type Address = Pick<Target, 'host' | 'httpPort' | 'grpcPort' | 'metricsPort'>;

/** Asks a server for its model, and returns the server as a target. */
async function learn(where: Address, maxRequestBytes: number, seconds: number): Promise<Target> {
  const ask = async (path: string): Promise<any> =>
    (await fetch(`http://${where.host}:${where.httpPort}${path}`)).json();
  const { model_stats } = await ask('/v2/models/stats');
  const model: string = model_stats[0].name;
  const { inputs, outputs } = (await ask(`/v2/models/${model}`)) as Record<string, TensorFacts[]>;
  const { host, httpPort, grpcPort, metricsPort } = where;
  const ports = { host, httpPort, grpcPort, metricsPort };
  return { ...ports, model, inputs: inputs!, outputs: outputs!, maxRequestBytes, seconds };
}

function chosen({ all, only }: Options): Attack[] {
  if (only.length > 0) return ATTACKS.filter(({ name }) => only.some((text) => name.includes(text)));
  return ATTACKS.filter(({ short }) => all || short);
}

/**
 * Attacks servers of one configuration. If an attack causes faults, replaces the server and repeats the attack, because
 * other load on the machine might be the cause. A killed server always counts as a failure.
 */
async function attackAll(
  configuration: Configuration,
  attacks: readonly Attack[],
  witnesses: Witnesses,
  options: Options,
): Promise<Result[]> {
  const results: Result[] = [];
  const plan = configurationPlan(configuration);
  console.log(`\n${nameOf(configuration)}: ${plan.memoryMiB} MiB, requests of up to ${plan.maxRequestBytes} bytes`);
  let container = await Container.start(plan);
  try {
    for (const attack of attacks) {
      let result = await once(attack, container, nameOf(configuration), witnesses, options);
      if (result.faults.length > 0 && !isDead(result)) {
        console.log(`${line(result)}\nrepeating the attack on a new container`);
        container.remove();
        container = await Container.start(plan);
        result = { ...(await once(attack, container, nameOf(configuration), witnesses, options)), isRepeated: true };
      }
      console.log(line(result));
      results.push(result);
      if (result.faults.length === 0) continue;
      container.remove();
      container = await Container.start(plan);
    }
  } finally {
    container.remove();
  }
  return results;
}

function isDead({ trial }: Result): boolean {
  return trial !== undefined && (trial.wasKilled || !trial.isAlive);
}

async function once(
  attack: Attack,
  container: Container,
  configuration: string,
  witnesses: Witnesses,
  options: Options,
): Promise<Result> {
  const target = await learn(container, container.plan.maxRequestBytes, options.seconds);
  return judged(attack, target, configuration, witnesses, options, container);
}

async function judged(
  attack: Attack,
  target: Target,
  configuration: string,
  witnesses: Witnesses,
  { isTimed }: Options,
  container?: Container,
): Promise<Result> {
  const trial = await attempt(attack, target, witnesses, container);
  const plan: Plan | undefined = container?.plan;
  return { configuration, attack, trial, faults: faults(attack, trial, isTimed, plan) };
}

async function attackRunning(options: Options, witnesses: Witnesses) {
  const { url, grpc, metrics, maxRequestBytes, seconds } = options;
  const where = {
    host: url!.hostname.replace(/^\[|\]$/g, ''),
    httpPort: Number(url!.port || 80),
    grpcPort: Number(grpc!.port),
    metricsPort: metrics && Number(metrics.port),
  };
  const target = await learn(where, maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES, seconds);
  const results: Result[] = [];
  const all = chosen({ ...options, all: true });
  for (const attack of all.filter(({ model = 'digits' }) => model === 'digits')) {
    results.push(await judged(attack, target, url!.host, witnesses, options));
    console.log(line(results.at(-1)!));
    if (!results.at(-1)!.trial!.isAlive) break;
  }
  return results;
}

async function main(): Promise<void> {
  const options = readOptions();
  const attacks = chosen(options);
  const witnesses = await Witnesses.start();
  const results: Result[] = [];
  try {
    if (options.url) results.push(...(await attackRunning(options, witnesses)));
    else {
      const configurations = (options.all ? ALL : SHORT).filter((each) => nameOf(each).includes(options.on));
      for (const configuration of configurations) {
        const wanted = attacks.filter(({ model = 'digits' }) => model === configuration.model);
        if (wanted.length > 0) results.push(...(await attackAll(configuration, wanted, witnesses, options)));
      }
    }
  } finally {
    witnesses.stop();
  }
  console.log(`\n${resultTable(results)}`);
  const tried = new Set(results.map(({ attack }) => attack.name));
  const skipped = ATTACKS.filter(({ name }) => !tried.has(name)).map(({ name }) => name);
  if (skipped.length > 0) console.log(`\nNot tried: ${skipped.join(', ')}`);
  const failed = results.filter((result) => result.faults.length > 0).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
}

void main();
