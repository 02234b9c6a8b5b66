import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

/** A process whose start goes on when it is hung up on, and that says what happens to it. */
function programWith(reload: string): string {
  return `
    import { once } from "node:events";
    import { runProcess } from ${JSON.stringify(new URL("./lifecycle.ts", import.meta.url).href)};
    await runProcess(async () => {
      console.log("starting");
      setTimeout(() => process.exit(2), 30_000);
      await once(process, "SIGHUP");
      console.log("started");
      return { stop: async () => console.log("stopped") ${reload} };
    }, 5000);`;
}

test.for([
  {
    title: "reloads once it runs",
    reload: ', reload: async () => { console.log("reloaded"); process.kill(process.pid, "SIGTERM"); }',
    said: ["starting", "started", "reloaded", "stopped"],
    end: [0, null],
  },
  { title: "ends what cannot reload", reload: "", said: ["starting", "started"], end: [null, "SIGHUP"] },
])("a hang-up while a process starts $title", async ({ reload, said, end }) => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", programWith(reload)]);
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGHUP");
  expect(await ended).toEqual(end);
  expect(output.trim().split("\n")).toEqual(said);
});
