import { parentPort } from 'node:worker_threads';
import { toFailure, transferList } from '../threads/thread-messages';
import type { FromExecutor, ToExecutor } from '../inference/executor-messages';
import type { RunResult } from '../inference/executor';
import { Session } from '../inference/session';

/** The executor thread: one session and one run at a time, so that the event loop stays free for health checks. */
function serve(port: NonNullable<typeof parentPort>): void {
  let session: Session | undefined;

  const reply = (message: ToExecutor): FromExecutor => {
    try {
      if (message.type === 'load') {
        session = new Session(message);
        return { type: 'loaded', result: session.signature };
      }
      if (message.type === 'run' && session) return { type: 'done', result: session.run(message) };
      throw new Error(`unexpected message: ${message.type}`);
    } catch (error) {
      return toFailure(error);
    }
  };

  port.on('message', (message: ToExecutor) => {
    // Without an open port, the thread exits, but never during a run.
    if (message.type === 'close') return port.close();
    const answer = reply(message);
    port.postMessage(answer, answer.type === 'done' ? transferOf(answer.result) : []);
  });
}

function transferOf({ outputs, inputs = [] }: RunResult): ArrayBuffer[] {
  return transferList([...outputs, ...inputs]);
}

if (parentPort) serve(parentPort);
