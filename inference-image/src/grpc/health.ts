import { quoted } from '../base/cut-text';
import { ServingError } from '../base/errors';
import type { DataPlane } from '../inference/data-plane';
import { INFERENCE_SERVICE } from './inference-service';
import { decodeMessage, encodeMessage } from './messages';
import { type GrpcOptions, type MethodHandler, probe } from './service';
import { toServingError } from './transport/status';
import type { ServerCall } from './transport/method';

interface HealthRequest {
  readonly service: string;
}

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/**
 * Interval at which watched states are checked. Readiness depends on several sources, so polling is simpler than
 * notifications.
 */
const POLL_MS = 100;

/**
 * Handlers of gRPC's health protocol, which Kubernetes probes and client-side load balancers use. The status follows
 * readiness.
 */
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
  readonly call: ServerCall;
  readonly read: () => number;
  readonly encode: (status: number) => Buffer;
  /** Last status sent. */
  sentStatus?: number;
}

/** Calls that watch a status. One timer checks all of them. */
class Watchers {
  private readonly open = new Set<Watcher>();
  private timer?: NodeJS.Timeout;

  add(watcher: Watcher): void {
    this.open.add(watcher);
    this.poll(watcher);
    this.timer ??= setInterval(() => this.pollAll(), POLL_MS).unref();
  }

  private pollAll(): void {
    for (const watcher of this.open) {
      if (watcher.call.isCancelled()) this.open.delete(watcher);
      else this.poll(watcher);
    }
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private poll(watcher: Watcher): void {
    const status = watcher.read();
    if (status !== watcher.sentStatus && watcher.call.push(watcher.encode(status))) watcher.sentStatus = status;
  }
}
