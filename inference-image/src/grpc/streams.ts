import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { ServingError } from '../errors';
import type { Log } from '../log';
import { statusOf, toServingError } from './status';

type DuplexCall = ServerDuplexStream<Buffer, Buffer>;
type Call = ServerWritableStream<Buffer, Buffer> | DuplexCall;

interface Stream {
  readonly call: Call;
  /** Whether an answer is being worked on. */
  busy: boolean;
}

/** The streams that are open. A client may leave one open for ever, so the server has to end them to end itself. */
export class Streams {
  private readonly open = new Set<Stream>();
  private ending = false;

  constructor(private readonly log: Log) {}

  /** Answers each request of a stream in its turn; the next is read once the answer has been taken. */
  serve(call: DuplexCall, answer: (request: Buffer) => Promise<Buffer>): void {
    const stream = this.add(call);
    let ended = false;
    const goOn = () => {
      stream.busy = false;
      if (ended) call.end();
      else if (this.ending) end(call);
      else call.resume();
    };
    call.on('data', (request: Buffer) => {
      call.pause();
      stream.busy = true;
      answer(request).then(
        (reply) => call.write(reply, goOn),
        (error: unknown) => call.emit('error', statusOf(toServingError(error, this.log))),
      );
    });
    // It may come while the last request is being answered.
    call.on('end', () => {
      ended = true;
      if (!stream.busy) call.end();
    });
  }

  /** For a stream that goes on until its client ends it. */
  add(call: Call): Stream {
    const stream = { call, busy: false };
    this.open.add(stream);
    call.once('close', () => this.open.delete(stream));
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
