import type { Happening } from './event-loop';
import { Request, Response, Socket, type Answer } from './http';
import { valuesOf } from './model';
import type { Asked } from './witness';
import type { World } from './world';

/** Client that sends requests one after another and keeps its connection for as long as possible. */
export class Client {
  private socket?: Socket;
  private left: number;
  private next?: Happening;

  constructor(
    private readonly world: World,
    readonly id: number,
  ) {
    const { choices, settings } = world;
    this.left = 1 + choices.below(settings.requests);
  }

  /** Sends the next request if any are left. */
  send(): void {
    const { world } = this;
    if (this.left === 0) {
      if (world.choices.chance(0.5)) this.socket?.destroy();
      return;
    }
    this.left--;
    this.socket ??= this.connect();
    // The server may have refused the connection.
    if (!this.socket || this.socket.destroyed) return;
    const { choices, settings } = world;
    const { chances } = settings;
    const rows = 1 + choices.below(settings.rows);
    const width = choices.pick([1, 1, 1, 2]);
    const timeoutMs = choices.chance(chances.deadline) ? Math.ceil(30 * choices.next()) : undefined;
    const asked = world.witness.asks(this.id, rows, width, timeoutMs, this.socket);
    this.begin(this.socket, asked, bodyOf(asked));
  }

  private connect(): Socket | undefined {
    const { server } = this.world;
    if (!server.isListening) return undefined;
    const socket: Socket = new Socket(this.world, () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.sendSoon();
    });
    server.accept(socket);
    return socket;
  }

  private begin(socket: Socket, asked: Asked, body: Buffer): void {
    const { world } = this;
    const { choices, loop, settings } = world;
    const { chances } = settings;
    const request = new Request(socket, { host: 'm', 'content-length': String(body.length) });
    const isReadAtOnce = !choices.chance(chances.readsSlowly);
    const response = new Response(request, isReadAtOnce, (answer) => {
      world.witness.answers(asked, answer);
      if (isReadAtOnce) loop.setImmediate(() => this.take(socket, response, answer));
      else if (choices.chance(0.8)) loop.after(300 * choices.next(), () => this.take(socket, response, answer));
    });
    response.on('close', () => world.witness.closes(asked));
    socket.begin(request, response);
    if (choices.chance(chances.leaves)) loop.after(30 * choices.next(), () => this.leave(socket, asked));
    const neverEnds = choices.chance(chances.neverEnds);
    const chunks = neverEnds || choices.chance(chances.sendsSlowly) ? 1 + choices.below(4) : 1;
    const size = Math.ceil(body.length / chunks);
    world.server.take(request, response);
    const sendFrom = (at: number) => {
      if (socket.destroyed) return;
      const isLast = at + size >= body.length;
      const chunk = body.subarray(at, at + size);
      socket.bytesRead += chunk.length;
      if (isLast && neverEnds) return;
      if (isLast) request.complete = true;
      request.emit('data', chunk);
      if (!isLast) return void loop.after(20 * choices.next(), () => sendFrom(at + size));
      world.witness.sends(asked);
      request.emit('end');
    };
    sendFrom(0);
  }

  private take(socket: Socket, response: Response, { headers }: Answer): void {
    if (socket.destroyed) return;
    socket.writableLength = 0;
    response.close();
    if (headers.connection === 'close' || !response.req.complete) socket.destroy();
    else this.sendSoon();
  }

  private leave(socket: Socket, asked: Asked): void {
    if (socket.destroyed || asked.status !== undefined) return;
    this.world.witness.leaves(asked);
    socket.destroy();
  }

  private sendSoon(): void {
    const { loop, choices } = this.world;
    // The client may lose its connection in the meantime.
    this.next ??= loop.after(choices.pick([0.01, 1, 20]) * choices.next(), () => {
      this.next = undefined;
      this.send();
    });
  }
}

function bodyOf({ id, rows, width, timeoutMs }: Asked): Buffer {
  const x = { name: 'x', datatype: 'FP32', shape: [rows, width], data: valuesOf(id, rows, width) };
  const parameters = timeoutMs === undefined ? undefined : { timeout: timeoutMs * 1000 };
  return Buffer.from(JSON.stringify({ parameters, inputs: [x] }));
}
