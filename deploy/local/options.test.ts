import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

const defaults = { dataDirectory: "/repo/.sluice", port: 3100, demo: true, paths: [], slackWebhookUrl: undefined };

test.for([
  { args: [], want: defaults },
  { args: ["--"], want: defaults },
  { args: ["--data", "d"], want: { ...defaults, dataDirectory: "/home/me/d" } },
  { args: ["--data", "/d"], want: { ...defaults, dataDirectory: "/d" } },
  { args: ["--port", "4000", "--no-demo"], want: { ...defaults, port: 4000, demo: false } },
  {
    args: ["--path", "logs/**/*.log", "--path", "/srv/a.log"],
    want: { ...defaults, paths: ["/home/me/logs/**/*.log", "/srv/a.log"] },
  },
  { args: ["--slack-webhook", "http://127.0.0.1:9/x"], want: { ...defaults, slackWebhookUrl: "http://127.0.0.1:9/x" } },
])("npm start -- $args", ({ args, want }) => {
  expect(readOptions(args, "/repo", "/home/me")).toEqual(want);
});

test.for([
  { args: ["--port", "0"], want: "--port '0' is not a port from 1 to 65535" },
  { args: ["--port", "65536"], want: "--port '65536' is not a port from 1 to 65535" },
  { args: ["--port", "3e3"], want: "--port '3e3' is not a port from 1 to 65535" },
  { args: ["--slack-webhook", "hooks.slack.com/x"], want: "is not a URL that starts with http:// or https://" },
  { args: ["--slack-webhook", "file:///x"], want: "is not a URL that starts with http:// or https://" },
  { args: ["--prot", "1"], want: "Unknown option '--prot'" },
  { args: ["--data"], want: "'--data <value>' argument missing" },
])("refused: $args", ({ args, want }) => {
  expect(() => readOptions(args, "/repo", "/home/me")).toThrow(want);
});
