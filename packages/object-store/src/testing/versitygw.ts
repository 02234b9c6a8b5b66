import { execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** A real S3 server with one empty bucket, for tests: versitygw over a temporary directory. */
export interface TestS3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  /** Where the bucket's objects are files: putting many there is quicker than over HTTP. */
  readonly bucketDirectory: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const run = promisify(execFile);
const version = "v1.8.0";
const module = `github.com/versity/versitygw/cmd/versitygw@${version}`;
const buildMinutesMax = 40;

/** How long whoever calls {@link installVersitygw} may have to wait: it compiles, and machines are shared. */
export const installTimeoutMs = (buildMinutesMax + 1) * 60_000;

/** Starts the server on a free port; disposing of it stops it and removes what it stored. */
export async function startVersitygw(program: string): Promise<TestS3Server> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-s3-"));
  const bucket = "test-bucket";
  const bucketDirectory = join(directory, bucket);
  await mkdir(bucketDirectory);
  const port = await freePort();
  const credentials = { accessKeyId: "test-access", secretAccessKey: "test-secret" };
  const { accessKeyId, secretAccessKey } = credentials;
  const flags = [
    "--port",
    `127.0.0.1:${port}`,
    "--access",
    accessKeyId,
    "--secret",
    secretAccessKey,
    "--keep-alive",
    "--quiet",
  ];
  const server = spawn(program, [...flags, "posix", directory], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    server.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 30_000; !(await answers(port));) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`versitygw does not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    bucketDirectory,
    region: "us-east-1",
    credentials,
    [Symbol.asyncDispose]: stop,
  };
}

/** Why versitygw cannot be had here, or undefined when {@link installVersitygw} has a way to it. */
export async function versitygwMissing(): Promise<string | undefined> {
  return (await installed()) !== undefined || (await findGo()) !== undefined
    ? undefined
    : `versitygw ${version}, the S3 server for tests, needs Go 1.21 or newer to be built: put go or versitygw on the PATH`;
}

/**
 * The path of versitygw: the one that VERSITYGW names, the one that an earlier call built, one on the PATH, or else one
 * built now by `go install` into the user's cache directory.
 *
 * @throws {Error} that says in one sentence what is missing.
 */
export async function installVersitygw(): Promise<string> {
  const found = await installed();
  if (found !== undefined) {
    return found;
  }
  const go = await findGo();
  if (go === undefined) {
    throw new Error(await versitygwMissing());
  }
  await mkdir(cacheDirectory(), { recursive: true });
  return (await takeLock()) ? build(go) : waitForBuild();
}

/** A Go that can build it: since 1.21 it fetches a newer one of itself when a module asks for that. */
async function findGo(): Promise<string | undefined> {
  const go = await findProgram("go", ["/usr/local/go/bin"]);
  if (go === undefined) {
    return undefined;
  }
  const { stdout } = await run(go, ["env", "GOVERSION"]).catch(() => ({ stdout: "" }));
  const [, minor] = /^go1\.(\d+)/u.exec(stdout) ?? [];
  return Number(minor) >= 21 ? go : undefined;
}

async function installed(): Promise<string | undefined> {
  const named = process.env["VERSITYGW"];
  if (named !== undefined && named !== "") {
    return named;
  }
  return (await isProgram(builtPath())) ? builtPath() : findProgram("versitygw", []);
}

function cacheDirectory(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice");
}

function builtPath(): string {
  return join(cacheDirectory(), `versitygw-${version}-${process.platform}-${process.arch}`);
}

function lockPath(): string {
  return `${builtPath()}.lock`;
}

async function build(go: string): Promise<string> {
  const bin = await mkdtemp(join(cacheDirectory(), "build-"));
  console.log(`building versitygw ${version}, the S3 server for tests, once (a minute or two)`);
  try {
    const env = { ...process.env, GOBIN: bin, GOFLAGS: "-buildvcs=false -trimpath" };
    await run(go, ["install", "-ldflags=-s -w", module], { env, timeout: buildMinutesMax * 60_000 });
    await rename(join(bin, "versitygw"), builtPath());
    return builtPath();
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const said = (stderr ?? "").trim().split("\n").at(-1) || message;
    throw new Error(`cannot build versitygw ${version} with ${go}: ${said}`, { cause: error });
  } finally {
    await rm(bin, { recursive: true, force: true });
    await rm(lockPath(), { force: true });
  }
}

/** Several test files may want the program at once, and one build is slow enough. */
async function takeLock(): Promise<boolean> {
  try {
    await writeFile(lockPath(), String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

async function waitForBuild(): Promise<string> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const found = await installed();
    if (found !== undefined) {
      return found;
    }
    const builder = Number(await readFile(lockPath(), "utf8").catch(() => "0"));
    if (!isAlive(builder)) {
      await rm(lockPath(), { force: true });
      return installVersitygw();
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function findProgram(name: string, more: readonly string[]): Promise<string | undefined> {
  for (const directory of [...(process.env["PATH"] ?? "").split(delimiter), ...more]) {
    if (directory !== "" && (await isProgram(join(directory, name)))) {
      return join(directory, name);
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
