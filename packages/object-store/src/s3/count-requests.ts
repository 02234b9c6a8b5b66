import type { S3Client } from "@aws-sdk/client-s3";
import type { Metrics } from "@sluice/model";
import { failureOf } from "./failure.ts";

interface Answered {
  readonly response: unknown;
}

/**
 * Counts every request that leaves the client, those that are tried again and the parts of uploads too: they are what
 * S3's bill counts. `status` is the answer's, `none` when there was no answer.
 */
export function countRequests(client: S3Client, metrics: Metrics): void {
  const requests = metrics.counter("sluice_s3_requests_total", "HTTP requests to S3, every try and part by itself.", [
    "operation",
    "status",
  ]);
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const operation = (commandName ?? "unknown").replace(/Command$/u, "");
        try {
          const answer = await next(args);
          requests.add(1, { operation, status: statusOf(answer) });
          return answer;
        } catch (error) {
          requests.add(1, { operation, status: String(failureOf(error).status ?? "none") });
          throw error;
        }
      },
    { name: "countRequests", step: "deserialize", priority: "high" },
  );
}

function statusOf({ response }: Answered): string {
  return String((response as { readonly statusCode?: number }).statusCode ?? "none");
}
