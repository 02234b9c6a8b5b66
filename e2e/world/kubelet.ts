import { appendFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A pod whose containers log as containerd writes them: `<root>/<namespace>_<pod>_<uid>/<container>/0.log`. */
export interface Pod {
  readonly name: string;
  /** Appends one line to the container's log; returns its time, nanoseconds since the epoch. */
  log(line: string, stream?: "stdout" | "stderr"): bigint;
  /** What the kubelet does when the log is too large. */
  rotate(): void;
  /** What happens to the files when the pod is deleted. */
  remove(): void;
}

let lastNs = 0n;

/** Times as a container runtime gives them: growing, to the nanosecond. */
function nextTimestampNs(): bigint {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  lastNs = nowNs > lastNs ? nowNs : lastNs + 1n;
  return lastNs;
}

export function createPod(root: string, namespace: string, name: string, container: string): Pod {
  const uid = `${name.length.toString(16).padStart(8, "0")}-0000-4000-8000-${Date.now().toString(16).padStart(12, "0")}`;
  const podDirectory = join(root, `${namespace}_${name}_${uid}`);
  const directory = join(podDirectory, container);
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "0.log");
  return {
    name,
    log(line, stream = "stdout") {
      const ns = nextTimestampNs();
      const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
      const fraction = (ns % 1_000_000_000n).toString().padStart(9, "0");
      appendFileSync(path, `${seconds}.${fraction}Z ${stream} F ${line}\n`);
      return ns;
    },
    rotate() {
      const stamp = new Date().toISOString().replaceAll(/[-:]/gu, "").replace("T", "-").slice(0, 15);
      renameSync(path, `${path}.${stamp}`);
    },
    remove() {
      rmSync(podDirectory, { recursive: true, force: true });
    },
  };
}
