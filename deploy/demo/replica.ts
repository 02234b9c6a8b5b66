import { rmSync } from "node:fs";
import type { Rng } from "@sluice/model";
import { ContainerLog, type RotationOptions } from "./container-log.ts";
import { encodeCriLine } from "./cri.ts";
import type { DemoService, TimedLine } from "./demo-service.ts";
import { containerLogPath, newPod, type Pod, podDirectory } from "./pod.ts";

export interface ReplicaOptions {
  /** The kubelet's log root, `/var/log/pods` on a node. */
  readonly root: string;
  readonly service: DemoService;
  /** In the name of every pod of the service. */
  readonly replicaSetHash: string;
  readonly rng: Rng;
  readonly rotation: RotationOptions;
}

/**
 * One replica of a service: a pod and its log, and the lines that it has yet to write. Lines of concurrent requests
 * come in any order and leave in the order of their times, as one container's output does.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  #pod: Pod;
  #log: ContainerLog;
  #waiting: TimedLine[];
  #lastNs = 0n;

  constructor(options: ReplicaOptions, nowMs: number) {
    this.#options = options;
    this.#pod = newPod(options.service.name, options.replicaSetHash, options.rng);
    this.#log = new ContainerLog(containerLogPath(options.root, this.#pod), options.rotation);
    this.#waiting = [...options.service.startLines(nowMs)];
  }

  get pod(): Pod {
    return this.#pod;
  }

  add(lines: readonly TimedLine[]): void {
    this.#waiting.push(...lines);
  }

  /** Writes every line whose time has come. */
  writeDue(nowMs: number): void {
    const due = this.#waiting.filter((line) => line.atMs <= nowMs).sort((one, other) => one.atMs - other.atMs);
    if (due.length === 0) {
      return;
    }
    this.#waiting = this.#waiting.filter((line) => line.atMs > nowMs);
    this.#log.append(
      Buffer.concat(due.map((line) => encodeCriLine(this.#timeOf(line), line.stream, line.text))),
      nowMs,
    );
  }

  /**
   * The pod dies with its last words, and another takes its place at once, as a Deployment does it.
   *
   * @returns removes the dead pod's directory; for when the kubelet would have.
   */
  replace(nowMs: number): () => void {
    const { root, service, replicaSetHash, rng, rotation } = this.#options;
    this.#waiting.push(...service.lastLines(nowMs).map((line) => ({ ...line, atMs: Math.min(line.atMs, nowMs) })));
    this.writeDue(nowMs);
    this.#log.close();
    const deadDirectory = podDirectory(root, this.#pod);
    this.#pod = newPod(service.name, replicaSetHash, rng);
    this.#log = new ContainerLog(containerLogPath(root, this.#pod), rotation);
    this.add(service.startLines(nowMs));
    return () => rmSync(deadDirectory, { recursive: true, force: true });
  }

  close(): void {
    this.#log.close();
  }

  /** A container's lines never go back in time, and no two share one. */
  #timeOf(line: TimedLine): bigint {
    const plannedNs = BigInt(Math.round(line.atMs * 1000)) * 1000n;
    this.#lastNs = plannedNs > this.#lastNs ? plannedNs : this.#lastNs + 1000n;
    return this.#lastNs;
  }
}
