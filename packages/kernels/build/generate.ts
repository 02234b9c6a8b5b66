import { readFileSync, writeFileSync } from "node:fs";
import { compileKernels, modulePath, renderModule } from "./compile.ts";

const wasm = await compileKernels();
writeFileSync(modulePath, renderModule(wasm));
console.log(`${modulePath}: ${wasm.length} bytes of WebAssembly, ${readFileSync(modulePath).length} of TypeScript`);
