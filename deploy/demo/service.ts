import { ServiceError } from "@sluice/model";
import { systemRng } from "@sluice/model/node";
import { runProcess, type Running } from "@sluice/service";
import { between, hex, integerBetween } from "./chance.ts";
import { Replica } from "./replica.ts";
import type { DemoRequest } from "./request.ts";
import { demoServices } from "./services/index.ts";

/**
 * One service of the demo as a process: `service.ts <name> <root>`, started by main.ts, which tells it over the IPC
 * channel what happens. It ends with its parent (see ../tether.ts).
 */
export type ServiceMessage =
  | { readonly kind: "request"; readonly request: DemoRequest }
  /** One of the pods dies and is replaced. */
  | { readonly kind: "replace" };

const tickMs = 20;
const idleLineEveryMs = 5000;
/** How long a dead pod's directory stays: long enough for an agent that looks every second. */
const deadPodStaysMs = 3000;
const rotation = { rotateBytes: 5 * 1024 * 1024, rotatedFilesKept: 2 };

await runProcess(start, 2000);

async function start(): Promise<Running> {
  const [name, root] = process.argv.slice(2);
  const service = demoServices.find((candidate) => candidate.name === name);
  if (service === undefined || root === undefined) {
    throw new ServiceError("bad_data", "service.ts is started by main.ts, with a service's name and the log root");
  }
  const rng = systemRng;
  const replicaSetHash = hex(rng, 10);
  const replicas = Array.from(
    { length: service.replicas },
    () => new Replica({ root, service, replicaSetHash, rng, rotation }, Date.now()),
  );
  const removals = new Set<() => void>();
  let nextIdleMs = Date.now() + between(rng, 0, idleLineEveryMs);

  const tick = setInterval(() => {
    const nowMs = Date.now();
    if (nowMs >= nextIdleMs) {
      nextIdleMs += idleLineEveryMs;
      replicas.forEach((replica) => replica.add([service.idleLine(nowMs)]));
    }
    replicas.forEach((replica) => replica.writeDue(nowMs));
  }, tickMs);

  process.on("message", (message: ServiceMessage) => {
    const replica = replicas[integerBetween(rng, 0, replicas.length - 1)]!;
    if (message.kind === "request") {
      replica.add(service.requestLines(message.request));
      return;
    }
    const remove = replica.replace(Date.now());
    removals.add(remove);
    setTimeout(() => {
      removals.delete(remove);
      remove();
    }, deadPodStaysMs);
  });

  return {
    async stop() {
      clearInterval(tick);
      replicas.forEach((replica) => replica.close());
      removals.forEach((remove) => remove());
    },
  };
}
