import { existsSync, readdirSync, readFileSync } from "node:fs";
import { seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import type { DemoService } from "./demo-service.ts";
import { containerLogPath, podDirectory } from "./pod.ts";
import { Replica } from "./replica.ts";

const startMs = Date.parse("2026-11-25T12:00:00Z");
const service: DemoService = {
  name: "ai-agent",
  replicas: 1,
  requestLines: () => [],
  startLines: (atMs) => [{ atMs, stream: "stderr", text: "started" }],
  idleLine: (atMs) => ({ atMs, stream: "stdout", text: "idle" }),
  lastLines: (atMs) => [{ atMs: atMs + 1, stream: "stderr", text: "dying" }],
};

function newReplica(root: string): Replica {
  const rotation = { rotateBytes: 1e6, rotatedFilesKept: 2 };
  return new Replica({ root, service, replicaSetHash: "7d9f8b6c5d", rng: seededRng(1), rotation }, startMs);
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

test("the pod's directory is the kubelet's", async () => {
  await using directory = await temporaryDirectory();
  const replica = newReplica(directory.path);
  expect(readdirSync(directory.path)).toEqual([
    expect.stringMatching(/^ai-prod_ai-agent-7d9f8b6c5d-[a-z0-9]{5}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u),
  ]);
  expect(containerLogPath(directory.path, replica.pod)).toMatch(/\/ai-agent\/0\.log$/u);
  replica.close();
});

test("lines are written when their time has come, in order of time, no two at the same", async () => {
  await using directory = await temporaryDirectory();
  const replica = newReplica(directory.path);
  const line = (afterMs: number, text: string) => ({ atMs: startMs + afterMs, stream: "stdout" as const, text });
  replica.add([line(30, "third"), line(10, "first"), line(10, "second"), line(500, "later")]);
  replica.writeDue(startMs + 100);
  // A line that comes after its time cannot be written into the past.
  replica.add([line(20, "late")]);
  replica.writeDue(startMs + 120);
  replica.close();
  expect(linesOf(containerLogPath(directory.path, replica.pod))).toEqual([
    "2026-11-25T12:00:00Z stderr F started",
    "2026-11-25T12:00:00.01Z stdout F first",
    "2026-11-25T12:00:00.010001Z stdout F second",
    "2026-11-25T12:00:00.03Z stdout F third",
    "2026-11-25T12:00:00.030001Z stdout F late",
  ]);
});

test("a replaced pod leaves its last words until it is removed, and its successor starts afresh", async () => {
  await using directory = await temporaryDirectory();
  const replica = newReplica(directory.path);
  replica.writeDue(startMs);
  const dead = replica.pod;
  const remove = replica.replace(startMs + 1000);
  replica.writeDue(startMs + 1000);
  replica.close();
  expect(linesOf(containerLogPath(directory.path, dead)).at(-1)).toMatch(/ stderr F dying$/u);
  expect(replica.pod.name).not.toBe(dead.name);
  expect(linesOf(containerLogPath(directory.path, replica.pod))).toEqual([expect.stringMatching(/F started$/u)]);
  remove();
  expect(existsSync(podDirectory(directory.path, dead))).toBe(false);
});
