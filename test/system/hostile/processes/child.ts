import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Separate process that answers one question at a time. */
export class Child<Question, Answer> {
  private readonly ended: Promise<never>;

  private constructor(private readonly process: ChildProcess) {
    this.ended = once(process, 'exit').then(([code]) => {
      throw new Error(`the process has exited with ${code}`);
    });
    this.ended.catch(() => {});
  }

  /**
   * Starts a process, and waits until it accepts questions.
   *
   * @param file File in this folder, without `.ts`
   */
  static async start<Question, Answer>(file: string): Promise<Child<Question, Answer>> {
    const child = fork(join(__dirname, `${file}.ts`), { execArgv: process.execArgv, serialization: 'advanced' });
    await once(child, 'message');
    return new Child(child);
  }

  /** Asks a question, and waits for the answer. @throws Error If there is no answer in time, or the process exits */
  async ask(question: Question, seconds: number): Promise<Answer> {
    const signal = AbortSignal.timeout(seconds * 1000);
    this.process.send(question as object);
    const [answer] = await Promise.race([once(this.process, 'message', { signal }), this.ended]);
    return answer as Answer;
  }

  stop(): void {
    this.process.kill('SIGKILL');
  }
}

/** Answers the questions of the parent process. Called in the child process. */
export function answer<Question, Answer>(reply: (question: Question) => Promise<Answer> | Answer): void {
  process.on('message', async (question: Question) => {
    process.send!((await reply(question)) as object);
  });
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}
