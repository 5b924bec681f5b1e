import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { once } from 'node:events';
import { ServingError } from '../errors';
import { statusOf } from './status';

type Call = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** The streams that are open. A client may leave one open for ever, so the server has to end them to end itself. */
export class Streams {
  private readonly open = new Set<{ readonly call: Call; busy: boolean }>();
  private ending = false;

  /** Answers each request of a stream in its turn. @param answer Gives a message, and may throw a ServingError. */
  async serve(call: ServerDuplexStream<Buffer, Buffer>, answer: (request: Buffer) => Promise<Buffer>): Promise<void> {
    const stream = this.add(call);
    try {
      for await (const request of call as AsyncIterable<Buffer>) {
        stream.busy = true;
        const reply = await answer(request);
        if (call.cancelled) return;
        if (!call.write(reply)) await once(call, 'drain');
        stream.busy = false;
        if (this.ending) return end(call);
      }
      call.end();
    } catch (error) {
      // Otherwise the client has gone, and nobody is there to be told.
      if (!call.cancelled && error instanceof ServingError) call.emit('error', statusOf(error));
    }
  }

  /** For a stream that goes on until its client ends it. */
  add(call: Call) {
    const stream = { call, busy: false };
    this.open.add(stream);
    call.on('close', () => this.open.delete(stream)).on('cancelled', () => this.open.delete(stream));
    return stream;
  }

  /** Ends each stream, once what it works on is answered. */
  end(): void {
    this.ending = true;
    for (const { call, busy } of this.open) if (!busy) end(call);
  }
}

function end(call: Call): void {
  call.emit('error', statusOf(new ServingError('unavailable', 'the server is shutting down')));
}
