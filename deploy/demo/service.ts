import { messageOf } from "@sluice/model";
import { systemRng } from "@sluice/model/node";
import { between, integerBetween, replicaSetHash } from "./chance.ts";
import { Replica } from "./replica.ts";
import type { DemoRequest } from "./request.ts";
import { demoServices } from "./services/index.ts";

/**
 * One service of the demo as a process: `service.ts <name> <root>`, started by main.ts, which tells it over the IPC
 * channel what happens. It ends with its parent (see ../tether.ts). It imports little, because there are many of it.
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

const [name, root] = process.argv.slice(2) as [string, string];
const service = demoServices.find((candidate) => candidate.name === name)!;
const hash = replicaSetHash(systemRng);
const options = { root, service, replicaSetHash: hash, rng: systemRng, rotation };

process.on("uncaughtException", (error) => {
  // A full disk, a directory that went away.
  console.error(`the demo's ${name} service cannot go on: ${messageOf(error)}`);
  process.exit(1);
});

const replicas = Array.from({ length: service.replicas }, () => new Replica(options, Date.now()));
const removals = new Set<() => void>();
let nextIdleMs = Date.now() + between(systemRng, 0, idleLineEveryMs);

setInterval(() => {
  const nowMs = Date.now();
  if (nowMs >= nextIdleMs) {
    nextIdleMs += idleLineEveryMs;
    replicas.forEach((replica) => replica.add([service.idleLine(nowMs)]));
  }
  replicas.forEach((replica) => replica.writeDue(nowMs));
}, tickMs);

process.on("message", (message: ServiceMessage) => {
  const replica = replicas[integerBetween(systemRng, 0, replicas.length - 1)]!;
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

process.once("SIGTERM", () => {
  removals.forEach((remove) => remove());
  process.exit(0);
});
