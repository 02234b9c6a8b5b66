import { fileURLToPath } from "node:url";

/** Where {@link renderModule}'s text belongs. */
export const modulePath = fileURLToPath(new URL("../src/wasm/kernels-wasm.ts", import.meta.url));

/**
 * The part of the compiler's interface used here. Not by its own types: those declare AssemblyScript's globals, which
 * differ from ours.
 */
interface Compiler {
  readonly main: (
    this: void,
    args: readonly string[],
    options: { readonly writeFile: (name: string, contents: Uint8Array | string) => void },
  ) => Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

const compilerModule: string = "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Compiles `assembly/`; the same bytes on every machine. */
export async function compileKernels(): Promise<Uint8Array> {
  const { main } = (await import(compilerModule)) as Compiler;
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await main(
    [
      "assembly/index.ts",
      `--baseDir=${root}`,
      "--outFile=kernels.wasm",
      // Nothing of AssemblyScript's runtime: no heap, no import, not even for abort.
      "--runtime=stub",
      "--use=abort=",
      "--noAssert",
      "--optimizeLevel=3",
      "--shrinkLevel=0",
      "--converge",
      "--enable=simd",
      "--enable=bulk-memory",
      "--initialMemory=2",
    ],
    {
      writeFile: (_name: string, contents: Uint8Array | string) => {
        wasm = contents as Uint8Array;
      },
    },
  );
  if (error !== null || wasm === undefined) {
    throw new Error(`AssemblyScript: ${error?.message ?? "no output"}\n${stderr.toString()}`);
  }
  return wasm;
}

/** The compiled module as the source of a TypeScript module: it needs no loader, no fetch and no file beside it. */
export function renderModule(wasm: Uint8Array): string {
  const lines = Buffer.from(wasm)
    .toString("base64")
    .match(/.{1,110}/g)!;
  return [
    "// Generated from assembly/ by `npx pnpm --filter @sluice/kernels generate`; a test compares it byte by byte.",
    "export const kernelsWasmBase64 =",
    lines.map((line) => `  "${line}"`).join(" +\n") + ";",
    "",
  ].join("\n");
}
