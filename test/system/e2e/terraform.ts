import { execFile, execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { App, LocalBackend, TerraformStack } from 'cdktf';

const BINARY = process.env.TERRAFORM_BINARY_NAME ?? 'terraform';
const SAVED_PLAN = 'saved.tfplan';

/** Folder in which tests synthesize an app repeatedly, and apply it with real Terraform or OpenTofu. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'model-serving-e2e-'));
  private readonly initialized = new Set<string>();

  constructor(private readonly binary = BINARY) {}

  /** Synthesizes an app. The state stays in this folder, so a later app continues from the state of an earlier one. */
  synth(build: (app: App) => void): void {
    const app = new App({ outdir: join(this.folder, 'cdktf.out') });
    build(app);
    for (const stack of app.node.children.filter(TerraformStack.isStack)) {
      new LocalBackend(stack, { path: join(this.folder, `${stack.node.id}.tfstate`) });
    }
    app.synth();
  }

  apply(stack: string, variables: Record<string, string | number> = {}): void {
    this.run(stack, ['apply', '-auto-approve', ...variableFlags(variables)]);
  }

  /** Plans a stack, and returns the exit code: 0 for no changes, 2 for changes, 1 for an error. */
  planExitCode(stack: string, variables: Record<string, string | number> = {}): number | null {
    const args = ['plan', '-detailed-exitcode', '-no-color', ...variableFlags(variables)];
    const { status, stdout } = spawnSync(this.binary, args, { cwd: this.stackFolder(stack), encoding: 'utf8' });
    if (status !== 0) console.error(stdout);
    return status;
  }

  /** Plans the first apply of a stack, and returns the plan's `resource_changes`. */
  plannedChanges(stack: string, variables: Record<string, string | number>): any[] {
    const cwd = this.stackFolder(stack);
    terraform(this.binary, cwd, ['init', '-no-color']);
    terraform(this.binary, cwd, ['plan', '-no-color', `-out=${SAVED_PLAN}`, ...variableFlags(variables)]);
    return JSON.parse(terraform(this.binary, cwd, ['show', '-json', SAVED_PLAN])).resource_changes;
  }

  /** Saves a plan for `applySaved`, and returns the exit code: 0 for no changes, 2 for changes, 1 for an error. */
  savePlan(stack: string): number | null {
    const args = ['plan', '-detailed-exitcode', '-no-color', `-out=${SAVED_PLAN}`];
    return spawnSync(this.binary, args, { cwd: this.stackFolder(stack) }).status;
  }

  /** Applies the saved plan without blocking the test. */
  async applySaved(stack: string): Promise<void> {
    await promisify(execFile)(this.binary, ['apply', '-no-color', SAVED_PLAN], { cwd: this.stackFolder(stack) });
  }

  destroy(stack: string, variables: Record<string, string | number> = {}): void {
    this.run(stack, ['destroy', '-auto-approve', ...variableFlags(variables)]);
  }

  /** Value of the output whose construct has this id; cdktf may append a hash to the output's name. */
  output(stack: string, id: string): string {
    const outputs = JSON.parse(
      execFileSync(this.binary, ['output', '-json'], { cwd: this.stackFolder(stack), encoding: 'utf8' }),
    );
    const name = Object.keys(outputs).find((key) => new RegExp(`(^|_)${id}(_[0-9A-F]{8})?$`).test(key));
    if (!name) throw new Error(`no output ${id} among ${Object.keys(outputs).join(', ')}`);
    return outputs[name].value;
  }

  /** Synthesized arguments of a stack's only resource of the given type. */
  resource(stack: string, type: string): Record<string, any> {
    const { resource } = JSON.parse(readFileSync(join(this.stackFolder(stack), 'cdk.tf.json'), 'utf8'));
    return Object.values(resource[type])[0] as Record<string, any>;
  }

  private run(stack: string, args: string[]): void {
    const cwd = this.stackFolder(stack);
    if (!this.initialized.has(stack)) {
      terraform(this.binary, cwd, ['init', '-no-color']);
      this.initialized.add(stack);
    }
    terraform(this.binary, cwd, [...args, '-no-color']);
  }

  /** Destroys the remaining stacks in reverse order, and removes the folder. */
  dispose(variables: Record<string, string | number> = {}): void {
    for (const stack of [...this.initialized].reverse()) this.destroy(stack, variables);
    this.initialized.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }

  stackFolder(stack: string): string {
    return join(this.folder, 'cdktf.out', 'stacks', stack);
  }
}

function terraform(binary: string, cwd: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${binary} ${args.join(' ')} in ${cwd}: exit code ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

function variableFlags(variables: Record<string, string | number>): string[] {
  return Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
}

/** Reason why nothing can be applied on this machine; undefined if plans can be applied. */
export function whyNot(addProviders: (scope: TerraformStack) => void = addDocker, binary = BINARY): string | undefined {
  const docker = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
  if (docker.status !== 0) return `no Docker engine answers: ${reasonOf(docker)}`;
  const version = spawnSync(binary, ['version'], { encoding: 'utf8' });
  if (version.status !== 0) return `${binary} does not run: ${reasonOf(version)}`;

  const workspace = new Workspace(binary);
  workspace.synth((app) => addProviders(new TerraformStack(app, 'probe')));
  const init = spawnSync(binary, ['init', '-no-color'], { cwd: workspace.stackFolder('probe'), encoding: 'utf8' });
  workspace.dispose();
  if (init.status !== 0) return `${binary} cannot install its providers: ${reasonOf(init)}`;
  return undefined;
}

function addDocker(scope: TerraformStack): void {
  new DockerProvider(scope, 'docker');
}

function reasonOf({ error, stderr, stdout }: SpawnSyncReturns<string>): string {
  return (error?.message ?? (stderr || stdout)).replace(/\s+/g, ' ').trim();
}
