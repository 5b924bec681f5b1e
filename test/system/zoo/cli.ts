import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Server } from './server';

/** Result of running `inspect` on a model. */
export interface Inspection {
  /** `batching` row in the output; undefined if the model is refused. */
  readonly batching?: string;
  /** Reason why the model cannot be served. */
  readonly refusal?: string;
}

const READY_SECONDS = 120;
const PORTS = ['--port', '0', '--grpc-port', '0', '--metrics-port', '0', '--no-page'];

/** Command line of one build of the library: the current build or the build of a different commit. */
export class CommandLine {
  constructor(private readonly main: string) {}

  inspect(model: string): Promise<Inspection> {
    return new Promise((resolve) => {
      execFile(process.execPath, [this.main, 'inspect', model], (error, stdout, stderr) => {
        const line = /^batching +(.*)$/m.exec(stdout)?.[1];
        const refusal = oneLine(stderr.replaceAll(`${model}: `, '')) || error?.message;
        resolve(error ? { refusal } : { batching: line });
      });
    });
  }

  /** Serves a model. @throws Error With the server's log, if the server does not become ready */
  async serve(model: string): Promise<Server> {
    const child = spawn(process.execPath, [this.main, 'serve', model, '--name', 'm', ...PORTS], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_SECONDS * 1000);
    const log: Record<string, any>[] = [];
    try {
      for await (const text of createInterface({ input: child.stdout })) {
        const line = JSON.parse(text);
        log.push(line);
        if (line.msg === 'the model is not served') break;
        if (line.msg !== 'ready') continue;
        child.stdout.resume();
        return new Server(line.url, log, () => end(child));
      }
    } finally {
      clearTimeout(timer);
    }
    await end(child);
    const said = log.find(({ msg }) => msg === 'the model is not served');
    throw new Error(said ? String(said.error) : oneLine(stderr));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function oneLine(text: string): string {
  return text
    .trim()
    .split(/\s*\n\s*/)
    .join(' ')
    .slice(0, 300);
}
