import { readFileSync, readlinkSync } from "node:fs";
import { type FileSystem, type Logger, ServiceError } from "@sluice/model";

/** Who holds a directory, and whether another holder is still there. Tests and the simulation bring their own. */
export interface LockOwner {
  /** Letters, digits, `-` only; no two processes that ever use the directory have the same. */
  readonly name: string;
  /** Whether the process that called itself `name` may still run. */
  isAlive(name: string): boolean;
}

export interface DirectoryLock {
  release(): Promise<void>;
}

const prefix = "lock-";

/**
 * Takes the directory for this process. Every holder makes an empty file that has its name, then looks whether another
 * one's is there: of two that start at once, at least one sees the other. An empty file needs no space on a full disk.
 *
 * @throws {ServiceError} `unavailable` when another process that is alive holds the directory.
 */
export async function lockDirectory(
  fs: FileSystem,
  directory: string,
  owner: LockOwner,
  logger: Logger,
): Promise<DirectoryLock> {
  const ownPath = `${directory}/${prefix}${owner.name}`;
  try {
    await (await fs.open(ownPath, "create")).close();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EEXIST" ? inUse(directory, owner.name) : error;
  }
  for (const name of await fs.list(directory)) {
    const holder = name.slice(prefix.length);
    if (!name.startsWith(prefix) || holder === owner.name) {
      continue;
    }
    if (owner.isAlive(holder)) {
      await fs.remove(ownPath);
      throw inUse(directory, holder);
    }
    logger.info("removed the WAL lock of a process that is gone", { directory, holder });
    await fs.remove(`${directory}/${name}`);
  }
  return { release: () => fs.remove(ownPath) };
}

/**
 * This process: its id, when it started and in which container (PID namespace) it runs, as far as the platform tells.
 * The start time tells a process from a later one of the same id, which in containers is the rule. A holder in another
 * container counts as gone: whether it is cannot be seen, and a server must start again after its container was killed.
 */
export function thisProcess(): LockOwner {
  const container = pidNamespace();
  return {
    name: `${process.pid}-${startTicks(process.pid) ?? 0}-${container}`,
    isAlive(name) {
      const [pid, started, namespace] = name.split("-").map(Number);
      if (pid === undefined || started === undefined || namespace !== container || !isRunning(pid)) {
        return false;
      }
      return started === 0 || startTicks(pid) === started;
    },
  };
}

function inUse(directory: string, holder: string): ServiceError {
  const [pid] = holder.split("-");
  return new ServiceError(
    "unavailable",
    `WAL directory ${directory} is in use by process ${pid} (if that is wrong, remove ${directory}/${prefix}${holder})`,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Clock ticks from the machine's start to the process's (proc(5), stat); undefined without /proc, or when it is over. */
function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the command in parentheses, may hold spaces; the third is the state, Z of a process that ended.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function pidNamespace(): number {
  try {
    return Number(/\d+/u.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}
