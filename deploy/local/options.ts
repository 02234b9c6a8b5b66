import { resolve } from "node:path";
import { ServiceError } from "@sluice/model";
import { parseFlags, type Flag } from "@sluice/service";

export interface StartOptions {
  /** Everything that is kept is under this directory; absolute. */
  readonly dataDirectory: string;
  readonly port: number;
  readonly demo: boolean;
  /** The user's own files to follow, as absolute globs. */
  readonly paths: readonly string[];
  readonly slackWebhookUrl: string | undefined;
}

const flags: Readonly<Record<string, Flag>> = {
  data: { value: "<dir>", help: "Where everything is kept (default: .sluice in the repository)." },
  port: { value: "<port>", help: "Port of the page and the API on 127.0.0.1 (default 3100)." },
  path: {
    value: "<glob>",
    help: "Follow your own files too, for example --path '/srv/app/*.log'; may be repeated.",
    repeated: true,
  },
  "no-demo": { help: "Do not start the demo workload." },
  "slack-webhook": { value: "<url>", help: "Send the demo alert to this Slack webhook." },
};

/**
 * Reads the command line of `npm start`.
 *
 * @param repository the repository's root, which holds the default data directory.
 * @param from what relative paths start from: where the user typed the command.
 * @returns undefined when only help was asked for (it is printed then).
 * @throws {ServiceError} `bad_data`, one sentence that names the flag.
 */
export function readOptions(args: readonly string[], repository: string, from: string): StartOptions | undefined {
  const given = parseFlags("npm start -- [flags]", flags, args);
  if (given === "help") {
    return undefined;
  }
  const portText = given.text("port") ?? "3100";
  const port = Number(portText);
  if (!/^\d{1,5}$/u.test(portText) || port < 1 || port > 65_535) {
    throw new ServiceError("bad_data", `--port '${portText}' is not a port from 1 to 65535`);
  }
  const slackWebhookUrl = given.text("slack-webhook");
  if (slackWebhookUrl !== undefined && !/^https?:$/u.test(URL.parse(slackWebhookUrl)?.protocol ?? "")) {
    throw new ServiceError(
      "bad_data",
      `--slack-webhook '${slackWebhookUrl}' is not a URL that starts with http:// or https://`,
    );
  }
  const data = given.text("data");
  return {
    dataDirectory: data === undefined ? resolve(repository, ".sluice") : resolve(from, data),
    port,
    demo: !given.isSet("no-demo"),
    paths: given.list("path").map((path) => resolve(from, path)),
    slackWebhookUrl,
  };
}
