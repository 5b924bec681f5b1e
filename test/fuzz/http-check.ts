import type { HttpCase } from './cases';
import { HttpConnection, type HttpReply } from './http-connection';
import { goodMessage, httpBytes } from './http-message';
import type { Target } from './target';
import { within } from './within';

/** Sends cases one after another, and returns the statuses of the answers. */
export class HttpChecker {
  private kept?: HttpConnection;
  /** Beginning of the previous request on the kept connection, which might have caused a reply to fail. */
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
        const reply = await within(connection.reply(), `after ${statuses.length} replies, the connection did not end`);
        if (statuses.length < right && reply?.status !== 200)
          throw new Error(`request ${statuses.length} is valid but was not answered with 200`);
        if (!reply) return statuses.length > 0 ? statuses : ['closed'];
        statuses.push(checkReply(reply));
      }
    } finally {
      connection.destroy();
    }
  }

  /** Throws unless valid requests get the correct answers. */
  async checkGood(): Promise<void> {
    const { model } = this.target;
    const binary = await this.exchange(httpBytes(goodMessage(model, 'binary')));
    const { output } = model;
    if (binary.status !== 200 || !binary.body.subarray(-output.bytes.length).equals(output.bytes)) {
      throw new Error(`a valid binary request was answered ${binary.status} ${binary.body}`);
    }
    if (!output.json) return;
    const json = await this.exchange(httpBytes(goodMessage(model, 'json')));
    const expected =
      `{"name":"${output.name}","datatype":"${output.datatype}",` +
      `"shape":[${output.shape}],"data":${output.json}}]}`;
    if (json.status !== 200 || !json.body.toString().endsWith(expected)) {
      throw new Error(`a valid JSON request was answered ${json.status} ${json.body}`);
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
    const reply = await within(connection.reply(head), `the request after ${JSON.stringify(before)} got no reply`);
    if (!reply) throw new Error('the connection was closed without a reply');
    if (!/\r\nconnection: close\r\n/.test(reply.head)) return reply;
    this.kept = undefined;
    connection.destroy();
    return reply;
  }
}

/** Statuses with which Node itself can reply, without a body, before any handler runs. */
const WITHOUT_BODY = [400, 417];

function checkReply({ status, head, body }: HttpReply, isHead = false): string {
  const text = () => `${head}\n${body.toString('latin1')}`;
  if (status >= 500) throw new Error(`status ${status}: ${text()}`);
  const isError = status >= 400 && !isHead;
  if (!isError) return String(status);
  if (body.length === 0 && WITHOUT_BODY.includes(status)) return `${status} by Node`;
  if (!head.includes('\r\ncontent-type: application/json')) throw new Error(`an error that is not JSON: ${text()}`);
  const { error } = JSON.parse(body.toString());
  if (typeof error !== 'string' || error === '') throw new Error(`an error without a message: ${text()}`);
  return String(status);
}
