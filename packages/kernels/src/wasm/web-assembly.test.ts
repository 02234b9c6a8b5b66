import { expect, test } from "vitest";
import { instantiateKernels } from "./web-assembly.ts";

const { WebAssembly: api } = globalThis as unknown as {
  WebAssembly: NonNullable<Parameters<typeof instantiateKernels>[0]>;
};

test("instances share nothing", () => {
  const [a, b] = [instantiateKernels(), instantiateKernels()];
  expect(a?.memory.buffer).toBeInstanceOf(ArrayBuffer);
  expect(a?.memory.buffer).not.toBe(b?.memory.buffer);
});

test("no kernels where SIMD is missing", () => {
  expect(instantiateKernels({ ...methodsOf(api), validate: () => false })).toBeUndefined();
});

test("no kernels where a content security policy forbids to compile", () => {
  const Module = function blocked() {
    throw new Error("CompileError: blocked by CSP");
  } as unknown as typeof api.Module;
  expect(instantiateKernels({ ...methodsOf(api), Module })).toBeUndefined();
});

test("the module imports nothing and exports what is called", () => {
  expect(Object.keys(instantiateKernels() ?? {}).sort()).toEqual([
    "countNewlines",
    "escapeJsonLines",
    "fillFilter",
    "insertTokens",
    "jsonFields",
    "linesWith",
    "linesWithAny",
    "linesWithFolded",
    "logfmtFields",
    "matchLines",
    "memory",
    "newlineOffsets",
    "packIds",
    "readPush",
    "snappyDecode",
    "snappyEncode",
    "unpackIds",
  ]);
});

/** A namespace object's members are not enumerable. */
function methodsOf({ validate, Module, Instance }: typeof api): typeof api {
  return { validate, Module, Instance };
}
