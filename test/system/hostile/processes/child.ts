import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process beside the server that answers one question at a time. */
export class Child<Question, Answer> {
  private readonly ended: Promise<never>;

  private constructor(private readonly process: ChildProcess) {
    this.ended = once(process, 'exit').then(([code]) => {
      throw new Error(`the process has exited with ${code}`);
    });
    this.ended.catch(() => {});
  }

  /**
   * @param file File in this folder, without `.ts`
   * @returns Resolves when the process accepts questions
   */
  static async start<Question, Answer>(file: string): Promise<Child<Question, Answer>> {
    const child = fork(join(__dirname, `${file}.ts`), { execArgv: process.execArgv, serialization: 'advanced' });
    await once(child, 'message');
    return new Child(child);
  }

  /** @throws Error If there is no answer in time, or the process exits */
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

/** Called in a child: answers its questions. */
export function answer<Question, Answer>(reply: (question: Question) => Promise<Answer> | Answer): void {
  process.on('message', async (question: Question) => {
    process.send!((await reply(question)) as object);
  });
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}
