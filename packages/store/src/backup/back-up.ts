import { join } from "node:path";
import { makeDirectoryDurably, ServiceError } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { deletesPrefix, parseDeleteKey } from "../deletes/request-log.ts";
import { readOnlyDirectory } from "../fsck/read-only-directory.ts";
import { encodeRecord } from "../manifest/format.ts";
import { snapshotKey } from "../manifest/keys.ts";
import { ManifestReader } from "../manifest/manifest-log.ts";
import { ManifestState } from "../manifest/state.ts";
import type { Segment } from "../segment.ts";
import {
  checkEmpty,
  checksumsName,
  filesBelow,
  FileTree,
  namesIn,
  printChecksums,
  type CopiedFile,
} from "./copied-files.ts";

export interface BackUpOptions {
  /** The data directory of a server, which may be running. */
  readonly data: string;
  /** Where the backup goes: a directory that is missing or empty. Absolute. */
  readonly to: string;
  readonly onProgress?: (segmentsDone: number, segmentsAll: number) => void;
}

export interface BackupReport {
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Undefined when the segments are not in the data directory but in a bucket. */
  readonly manifestSequence: number | undefined;
  readonly segmentCount: number;
}

const walPattern = /\.wal(?:\.damaged)?$/u;
const readingsMax = 20;

/**
 * Copies everything that a server was acknowledged to keep before the call, and perhaps some of what came after: the
 * write-ahead log, then delete requests, then the manifest, then the segments that it names.
 *
 * The order is what makes it one picture. What is flushed, and trimmed from the log, after the log was copied is in the
 * manifest that is read later; what is in both is replayed only behind `walCovered`. A delete request that was processed
 * when it was copied is one whose lines the later manifest does not have. And segments never change, so that those which
 * a manifest names may be copied at leisure: one that garbage collection was faster with is none of the manifest of now,
 * which is read again then.
 *
 * @throws {ServiceError} `already_exists` when `to` is not empty; `corrupt` naming what is damaged; `not_found` when
 *   `data` is no data directory.
 */
export async function backUp({ data, to, onProgress = () => {} }: BackUpOptions): Promise<BackupReport> {
  await checkEmpty(to);
  if ((await namesIn(join(data, "wal"))).length === 0) {
    throw new ServiceError("not_found", `${data} is not the data directory of a server: it has no write-ahead log`);
  }
  await makeDirectoryDurably(nodeFileSystem, to);
  const tree = new FileTree(to);
  const files = [...(await copyWal(data, tree)), ...(await copyRest(data, tree))];
  const hasStore = (await namesIn(join(data, "store", "manifest"))).length > 0;
  const store = hasStore ? await copyStore(join(data, "store"), tree, onProgress) : undefined;
  files.push(...(store?.files ?? []));
  await tree.finish();
  await tree.write(checksumsName, printChecksums(files));
  await tree.finish();
  return {
    fileCount: files.length,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    manifestSequence: store?.sequence,
    segmentCount: store?.segmentCount ?? 0,
  };
}

/** The segments of the log that are there now. One that grows meanwhile ends somewhere, as after a crash. */
async function copyWal(data: string, tree: FileTree): Promise<readonly CopiedFile[]> {
  let copied: CopiedFile[] = [];
  for (const name of await namesIn(join(data, "wal"))) {
    if (!walPattern.test(name)) {
      continue;
    }
    const file = await tree.copy(join(data, "wal", name), `wal/${name}`);
    if (file !== undefined) {
      copied.push(file);
      continue;
    }
    // Trimmed meanwhile, as those before it have been: with them the log would have a hole.
    for (const { path } of copied) {
      await tree.remove(path);
    }
    copied = [];
  }
  return copied;
}

/** The server's name on a shared store, and what the ruler knows of its alerts. */
async function copyRest(data: string, tree: FileTree): Promise<readonly CopiedFile[]> {
  const ruler = (await filesBelow(join(data, "ruler"))).filter((path) => !path.endsWith(".tmp"));
  const paths = ["instance", ...ruler.map((path) => `ruler/${path}`)];
  const copied: CopiedFile[] = [];
  for (const path of paths) {
    const file = await tree.copy(join(data, path), path);
    if (file !== undefined) {
      copied.push(file);
    }
  }
  return copied;
}

async function copyStore(
  directory: string,
  tree: FileTree,
  onProgress: NonNullable<BackUpOptions["onProgress"]>,
): Promise<{ files: readonly CopiedFile[]; sequence: number; segmentCount: number }> {
  const requests: CopiedFile[] = [];
  const objects = readOnlyDirectory(directory);
  for await (const { key } of objects.list(deletesPrefix)) {
    const file = parseDeleteKey(key) && (await tree.copy(join(directory, key), `store/${key}`));
    requests.push(...(file === undefined ? [] : [file]));
  }
  const log = new ManifestReader(objects);
  const copied = new Map<string, CopiedFile>();
  let lastSequence = -1;
  for (let reading = 0; reading < readingsMax; reading++) {
    const state = ManifestState.of(await log.readAfter(0));
    const snapshot = state.snapshot();
    const missing = await copySegments(directory, snapshot.added, copied, tree, onProgress);
    if (missing !== undefined) {
      if (state.sequence === lastSequence) {
        throw new ServiceError("corrupt", `segment ${missing.key} is missing`);
      }
      lastSequence = state.sequence;
      continue;
    }
    const named = new Set(snapshot.added.map(({ key }) => key));
    for (const [key, { path }] of copied) {
      if (!named.has(key)) {
        await tree.remove(path);
        copied.delete(key);
      }
    }
    const manifest = await tree.write(`store/${snapshotKey(state.sequence)}`, encodeRecord(snapshot));
    return { files: [...requests, ...copied.values(), manifest], sequence: state.sequence, segmentCount: named.size };
  }
  throw new ServiceError("unavailable", "segments are removed faster than they can be copied");
}

/** @returns the first segment that is not there any more. */
async function copySegments(
  directory: string,
  segments: readonly Segment[],
  copied: Map<string, CopiedFile>,
  tree: FileTree,
  onProgress: NonNullable<BackUpOptions["onProgress"]>,
): Promise<Segment | undefined> {
  for (const [done, segment] of segments.entries()) {
    onProgress(done, segments.length);
    const { key, sizeBytes } = segment;
    if (copied.has(key)) {
      continue;
    }
    const file = await tree.copy(join(directory, key), `store/${key}`);
    if (file === undefined) {
      return segment;
    }
    if (file.sizeBytes !== sizeBytes || !key.endsWith(`-${file.sha256.slice(0, 32)}.seg`)) {
      throw new ServiceError("corrupt", `segment ${key} is damaged: it does not hold what its key says`);
    }
    copied.set(key, file);
  }
  onProgress(segments.length, segments.length);
  return undefined;
}
