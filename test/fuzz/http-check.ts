import type { HttpCase } from './cases';
import { HttpConnection, type HttpReply } from './http-connection';
import { goodMessage, httpBytes } from './http-message';
import type { Target } from './target';
import { within } from './within';

/** Sends cases one after the other, and says with which statuses they were answered. */
export class HttpChecker {
  private kept?: HttpConnection;
  /** What the kept connection was last used for: a reply may fail because of it. */
  private before = '';

  constructor(private readonly target: Target) {}

  async check({ bytes, then, head, right = 0, pauseAt }: HttpCase): Promise<string[]> {
    if (then === 'reply') return [checkReply(await this.exchange(bytes, head, pauseAt), head)];
    const connection = new HttpConnection(this.target.httpPort);
    try {
      if (then === 'reset') {
        await within(connection.reset(bytes), 'the request could not be sent');
        return ['reset'];
      }
      await connection.send(bytes, pauseAt);
      const statuses: string[] = [];
      for (;;) {
        if (statuses.length === right) connection.end();
        const reply = await within(connection.reply(), `no end of the connection, after ${statuses.length} replies,`);
        if (statuses.length < right && reply?.status !== 200) throw new Error(`no reply to request ${statuses.length}`);
        if (!reply) return statuses.length > 0 ? statuses : ['closed'];
        statuses.push(checkReply(reply));
      }
    } finally {
      connection.destroy();
    }
  }

  /** Throws unless requests that are right are answered rightly. */
  async checkGood(): Promise<void> {
    const { model } = this.target;
    const binary = await this.exchange(httpBytes(goodMessage(model, 'binary')));
    const { output } = model;
    if (binary.status !== 200 || !binary.body.subarray(-output.bytes.length).equals(output.bytes)) {
      throw new Error(`a good binary request: ${binary.status} ${binary.body}`);
    }
    if (!output.json) return;
    const json = await this.exchange(httpBytes(goodMessage(model, 'json')));
    const expected =
      `{"name":"${output.name}","datatype":"${output.datatype}",` +
      `"shape":[${output.shape}],"data":${output.json}}]}`;
    if (json.status !== 200 || !json.body.toString().endsWith(expected)) {
      throw new Error(`a good request: ${json.status} ${json.body}`);
    }
  }

  close(): void {
    this.kept?.destroy();
  }

  private async exchange(bytes: Buffer, head?: boolean, pauseAt?: number): Promise<HttpReply> {
    const before = this.kept?.reusable ? this.before : '';
    this.before = bytes.toString('latin1', 0, 1000);
    if (!this.kept?.reusable) this.kept = new HttpConnection(this.target.httpPort);
    const connection = this.kept;
    await connection.send(bytes, pauseAt);
    const reply = await within(connection.reply(head), `no reply after ${JSON.stringify(before)}`);
    if (!reply) throw new Error('the connection was closed without a reply');
    if (!/\r\nconnection: close\r\n/.test(reply.head)) return reply;
    this.kept = undefined;
    connection.destroy();
    return reply;
  }
}

/** Replies of Node itself, which come before any handler: without Host, and with an Expect that it does not know. */
const WITHOUT_BODY = [400, 417];

function checkReply({ status, head, body }: HttpReply, isHead = false): string {
  const text = () => `${head}\n${body.toString('latin1')}`;
  if (status >= 500) throw new Error(`status ${status}: ${text()}`);
  const isError = status >= 400 && !isHead;
  if (!isError) return String(status);
  if (body.length === 0 && WITHOUT_BODY.includes(status)) return `${status} of Node`;
  if (!head.includes('\r\ncontent-type: application/json')) throw new Error(`an error that is not JSON: ${text()}`);
  const { error } = JSON.parse(body.toString());
  if (typeof error !== 'string' || error === '') throw new Error(`an error without words: ${text()}`);
  return String(status);
}
