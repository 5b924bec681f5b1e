import { ServingError } from '../errors';
import type { DataPlane } from '../inference/data-plane';
import { quoted } from '../protocol/fields';
import { INFERENCE_SERVICE } from './inference-service';
import { decodeMessage, encodeMessage } from './messages';
import type { GrpcOptions } from './options';
import { probe, type MethodHandler } from './service';
import { toServingError } from './status';
import type { Call } from './transport/call';

interface HealthRequest {
  readonly service: string;
}

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** How soon watchers are told of a change. Readiness depends on several things: to look is simpler than to be told. */
const LOOK_MS = 100;

/** gRPC's own health protocol, which Kubernetes' probes and client-side load balancers speak: it follows readiness. */
export function healthHandlers({ model, dataPlane, log }: GrpcOptions): Record<string, MethodHandler> {
  const known = ['', INFERENCE_SERVICE, model.name];
  const current = () => statusNow(dataPlane);
  const watchers = new Watchers();
  return {
    Check: probe(({ service }: HealthRequest) => {
      if (known.includes(service)) return { status: current() };
      const names = known.map((name) => quoted(name)).join(', ');
      throw new ServingError('notFound', `unknown service ${quoted(service)}; this server has ${names}`);
    }, log),
    List: probe(() => ({ statuses: Object.fromEntries(known.map((name) => [name, { status: current() }])) }), log),
    Watch: ({ resolvedRequestType, resolvedResponseType }) => ({
      isCounted: false,
      handle: (call, message) => {
        try {
          const { service } = decodeMessage<HealthRequest>(resolvedRequestType!, message);
          const read = known.includes(service) ? current : () => SERVICE_UNKNOWN;
          watchers.add({ call, read, encode: (status) => encodeMessage(resolvedResponseType!, { status }) });
        } catch (error) {
          call.fail(toServingError(error, log));
        }
      },
    }),
  };
}

function statusNow({ ready }: DataPlane): number {
  return ready ? SERVING : NOT_SERVING;
}

interface Watcher {
  readonly call: Call;
  readonly read: () => number;
  readonly encode: (status: number) => Buffer;
  /** What it was told last. */
  told?: number;
}

/** The calls that are told of changes. One timer looks for all of them. */
class Watchers {
  private readonly open = new Set<Watcher>();
  private timer?: NodeJS.Timeout;

  add(watcher: Watcher): void {
    this.open.add(watcher);
    this.look(watcher);
    this.timer ??= setInterval(() => this.lookAll(), LOOK_MS).unref();
  }

  private lookAll(): void {
    for (const watcher of this.open) {
      if (watcher.call.isCancelled()) this.open.delete(watcher);
      else this.look(watcher);
    }
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(watcher: Watcher): void {
    const status = watcher.read();
    if (status !== watcher.told && watcher.call.push(watcher.encode(status))) watcher.told = status;
  }
}
