import { hash } from "node:crypto";
import { paths } from "@sluice/api";
import { ServiceError, type Clock, type Metrics } from "@sluice/model";
import { decodeLegacyPush, decodePush, type PushedStream, type PushLimits, type SnappyCodec } from "@sluice/push";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { validatePush, type AcceptedStream } from "../distributor/validate.ts";
import type { Limits } from "../limits.ts";
import { tenantOf } from "./tenant.ts";

export interface PushRoutesOptions {
  /** Resolves once the streams are durable and queryable. */
  readonly push: (tenant: string, streams: readonly AcceptedStream[], digest: string) => Promise<void>;
  readonly limitsOf: (tenant: string) => Limits;
  /** Bytes of a request as it comes over the wire. */
  readonly bodyBytesMax: number;
  readonly pushLimits: PushLimits;
  readonly snappy: SnappyCodec;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** `POST /loki/api/v1/push` and its legacy alias: 204 means that the lines survive a power cut. */
export const pushRoutes: FastifyPluginAsync<PushRoutesOptions> = async (app, options) => {
  const { limitsOf, bodyBytesMax: bodyLimit, pushLimits, snappy, clock, metrics } = options;
  const refused = metrics.counter("sluice_distributor_refused_total", "Entries and streams refused on push.", [
    "tenant",
  ]);
  const received = metrics.counter("sluice_distributor_request_bytes_total", "Bytes of push requests received.", [
    "tenant",
  ]);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  async function accept(
    tenant: string,
    streams: readonly PushedStream[],
    digest: string,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (streams.length === 0) {
      throw new ServiceError("unprocessable", "error at least one valid stream is required for ingestion");
    }
    const { accepted, problems } = validatePush(streams, limitsOf(tenant), clock.nowMs());
    if (accepted.length > 0) {
      // What was refused in part is sent again by nobody, or with less in it.
      await options.push(tenant, accepted, problems.count === 0 ? digest : "");
    }
    if (problems.count > 0) {
      refused.add(problems.count, { tenant });
      throw new ServiceError("bad_data", problems.print());
    }
    return reply.status(204).send();
  }

  const route =
    (decode: typeof decodePush) =>
    (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const tenant = tenantOf(request);
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
      received.add(body.length, { tenant });
      const { "content-type": contentType, "content-encoding": contentEncoding } = request.headers;
      const streams = decode({ body, contentType, contentEncoding }, pushLimits, snappy);
      return accept(tenant, streams, digestOf(body), reply);
    };

  app.post(paths.push, { bodyLimit }, route(decodePush));
  app.post(paths.legacyPush, { bodyLimit }, route(decodeLegacyPush));
};

const digestBytes = 16;

/** What tells a request's content from every other: half of its SHA-256. */
function digestOf(body: Uint8Array): string {
  return hash("sha256", body, "buffer").toString("base64url", 0, digestBytes);
}
