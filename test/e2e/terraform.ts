import { execFile, execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { App, LocalBackend, TerraformStack } from 'cdktf';

const BINARY = process.env.TERRAFORM_BINARY_NAME ?? 'terraform';
const SAVED_PLAN = 'saved.tfplan';

/** A folder in which one app is synthesized again and again, and applied by real Terraform. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'model-serving-e2e-'));
  private readonly initialized = new Set<string>();

  /** Synthesizes; state lives in this folder, so that a later app goes on where an earlier one ended. */
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

  /** 0: nothing to do, 2: changes, 1: an error. */
  planExitCode(stack: string, variables: Record<string, string | number> = {}): number | null {
    const args = ['plan', '-detailed-exitcode', '-no-color', ...variableFlags(variables)];
    const { status, stdout } = spawnSync(BINARY, args, { cwd: this.stackFolder(stack), encoding: 'utf8' });
    if (status !== 0) console.error(stdout);
    return status;
  }

  /** Plans for a later `applySaved`: 0: nothing to do, 2: changes, 1: an error. */
  savePlan(stack: string): number | null {
    const args = ['plan', '-detailed-exitcode', '-no-color', `-out=${SAVED_PLAN}`];
    return spawnSync(BINARY, args, { cwd: this.stackFolder(stack) }).status;
  }

  /** Applies what was planned then, while the test goes on. */
  async applySaved(stack: string): Promise<void> {
    await promisify(execFile)(BINARY, ['apply', '-no-color', SAVED_PLAN], { cwd: this.stackFolder(stack) });
  }

  destroy(stack: string, variables: Record<string, string | number> = {}): void {
    this.run(stack, ['destroy', '-auto-approve', ...variableFlags(variables)]);
  }

  /** The output whose construct has this id, whatever cdktf appends to it. */
  output(stack: string, id: string): string {
    const outputs = JSON.parse(
      execFileSync(BINARY, ['output', '-json'], { cwd: this.stackFolder(stack), encoding: 'utf8' }),
    );
    const name = Object.keys(outputs).find((key) => new RegExp(`(^|_)${id}(_[0-9A-F]{8})?$`).test(key));
    if (!name) throw new Error(`no output ${id} among ${Object.keys(outputs).join(', ')}`);
    return outputs[name].value;
  }

  /** The arguments of a stack's only resource of a type, as synthesized. */
  resource(stack: string, type: string): Record<string, any> {
    const { resource } = JSON.parse(readFileSync(join(this.stackFolder(stack), 'cdk.tf.json'), 'utf8'));
    return Object.values(resource[type])[0] as Record<string, any>;
  }

  private run(stack: string, args: string[]): void {
    const cwd = this.stackFolder(stack);
    if (!this.initialized.has(stack)) {
      terraform(cwd, ['init', '-no-color']);
      this.initialized.add(stack);
    }
    terraform(cwd, [...args, '-no-color']);
  }

  /** Destroys what is left of the stacks, the last first, and the folder. */
  dispose(variables: Record<string, string | number> = {}): void {
    for (const stack of [...this.initialized].reverse()) this.destroy(stack, variables);
    this.initialized.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }

  stackFolder(stack: string): string {
    return join(this.folder, 'cdktf.out', 'stacks', stack);
  }
}

function terraform(cwd: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync(BINARY, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${BINARY} ${args.join(' ')} in ${cwd}: exit code ${status}\n${stdout}\n${stderr}`);
}

function variableFlags(variables: Record<string, string | number>): string[] {
  return Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
}

/** Why nothing can be applied here, or undefined. */
export function whyNot(addProviders: (scope: TerraformStack) => void = addDocker): string | undefined {
  const docker = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
  if (docker.status !== 0) return `no Docker engine answers: ${reasonOf(docker)}`;
  const version = spawnSync(BINARY, ['version'], { encoding: 'utf8' });
  if (version.status !== 0) return `${BINARY} does not run: ${reasonOf(version)}`;

  const workspace = new Workspace();
  workspace.synth((app) => addProviders(new TerraformStack(app, 'probe')));
  const init = spawnSync(BINARY, ['init', '-no-color'], { cwd: workspace.stackFolder('probe'), encoding: 'utf8' });
  workspace.dispose();
  if (init.status !== 0) return `${BINARY} cannot install its providers: ${reasonOf(init)}`;
  return undefined;
}

function addDocker(scope: TerraformStack): void {
  new DockerProvider(scope, 'docker');
}

function reasonOf({ error, stderr, stdout }: SpawnSyncReturns<string>): string {
  return (error?.message ?? (stderr || stdout)).replace(/\s+/g, ' ').trim();
}
