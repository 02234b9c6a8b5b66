import { batchOf, isServiceError, labelsFromRecord, type Entry } from "@sluice/model";
import { randomHex, randomInt } from "@sluice/testkit";
import type { AcceptedStream } from "../../src/distributor/validate.ts";
import type { Ledger } from "./ledger.ts";
import { forgetfulTenant, type SimulatedServer } from "./simulated-server.ts";
import { pickOne, type World } from "./world.ts";

export const tenants = ["team-a", "team-b", forgetfulTenant] as const;

/** What a client knows of a server. */
export interface Address {
  readonly name: string;
  /** The server, while it is ready. */
  readonly server: SimulatedServer | undefined;
}

const triesMax = 6;

/**
 * Pushes until `isOver`, one push after the other, each again (to any server) while it is not acknowledged, as agents
 * do; not forever, as some do.
 */
export async function runClient(
  world: World,
  ledger: Ledger,
  addresses: readonly Address[],
  isOver: () => boolean,
): Promise<void> {
  const { rng } = world;
  const client = {};
  while (!isOver()) {
    const tenant = pickOne(rng, tenants);
    const streams = randomStreams(world, tenant);
    const lines = ledger.try(tenant, streams);
    // Of what came over HTTP; the same push may come again in another encoding, too.
    const digest = rng.next() < 0.6 ? randomHex(rng, 16) : "";
    for (let tries = 1 + randomInt(rng, triesMax); tries > 0; tries--) {
      await world.pause(client, 6);
      const { name, server } = pickOne(rng, addresses);
      if (server === undefined || server.process.hasEnded) {
        continue;
      }
      world.tell("client", `pushes ${lines.length} lines of ${tenant} to ${name}`);
      const pushOnce = (): Promise<boolean> => isAcknowledged(server, tenant, streams, digest);
      // A client that does not wait for long sends its push again while the first one is under way.
      const answers = await Promise.all(rng.next() < 0.1 ? [pushOnce(), pushOnce()] : [pushOnce()]);
      if (answers.includes(true)) {
        ledger.owe(name, tenant, lines);
        world.tell("client", `  ${name} has acknowledged ${lines.length} lines of ${tenant}`);
        // Now and then the answer does not arrive.
        if (rng.next() < 0.9) {
          break;
        }
      }
    }
    ledger.settle(lines);
  }
}

/** Whether the push was answered, and well. */
async function isAcknowledged(
  { process, ingester }: SimulatedServer,
  tenant: string,
  streams: readonly AcceptedStream[],
  digest: string,
): Promise<boolean> {
  try {
    const answer = await process.whileAlive(ingester.push(tenant, streams, digest).then(() => true));
    return answer === true;
  } catch (error) {
    if (isServiceError(error, "unavailable") || isServiceError(error, "rate_limited")) {
      return false;
    }
    throw error;
  }
}

function randomStreams(world: World, tenant: string): readonly AcceptedStream[] {
  const { rng } = world;
  const pods = new Set(Array.from({ length: 1 + randomInt(rng, 2) }, () => randomInt(rng, 3)));
  return [...pods].map((pod) => ({
    labels: labelsFromRecord({ app: tenant, pod: `pod-${pod}` }),
    batch: batchOf(Array.from({ length: 1 + randomInt(rng, 5) }, () => randomEntry(world, tenant))),
  }));
}

/** Mostly of now and unlike any other; some are old, some equal each other, some are several lines or none. */
function randomEntry({ rng, nowMs }: World, tenant: string): Entry {
  const kind = rng.next();
  if (kind < 0.15) {
    return { timestampNs: BigInt(Math.floor(nowMs / 10_000)) * 10_000_000_000n, line: `${tenant} heartbeat` };
  }
  const ageMs = rng.next() < 0.2 ? randomInt(rng, 700_000) : randomInt(rng, 3000);
  const timestampNs = BigInt(nowMs - ageMs) * 1_000_000n + BigInt(randomInt(rng, 3));
  const id = randomHex(rng, 16);
  if (kind < 0.2) {
    return { timestampNs, line: "" };
  }
  const line =
    kind < 0.3
      ? `panic of ${tenant}\n  at ${id}\n`
      : `${tenant} level=info id=${id} "${"x".repeat(randomInt(rng, 120))}"`;
  const metadata = kind < 0.6 ? undefined : labelsFromRecord(kind < 0.8 ? { request_id: id } : { level: "info" });
  return { timestampNs, line, ...(metadata && { metadata }) };
}
