/** Process of the load generator: receives one load at a time from its parent, and returns the measurements. */
import { closedLoop, type ClosedLoop, type Measured } from './closed-loop';
import { grpcLoop, type GrpcLoop } from './grpc-loop';
import { openLoop, type OpenLoop } from './open-loop';

export interface Loads {
  closedLoop: ClosedLoop;
  openLoop: OpenLoop;
  grpcLoop: GrpcLoop;
}

export type LoadMessage = { [K in keyof Loads]: { kind: K; load: Loads[K] } }[keyof Loads];
export type LoadReply = { measured: Measured } | { error: string };

async function apply(message: LoadMessage): Promise<Measured> {
  if (message.kind === 'closedLoop') return closedLoop(message.load);
  if (message.kind === 'openLoop') return openLoop(message.load);
  return grpcLoop(message.load);
}

process.on('message', async (message: LoadMessage) => {
  const reply: LoadReply = await apply(message).then(
    (measured) => ({ measured }),
    (error: Error) => ({ error: error.message }),
  );
  process.send!(reply);
});
