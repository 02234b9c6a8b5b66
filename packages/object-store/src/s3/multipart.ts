import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { Attempts } from "./attempts.ts";
import { brokenAnswer } from "./failure.ts";

export interface MultipartUpload {
  readonly client: S3Client;
  readonly attempts: Attempts;
  /** Bucket, key and what else the object is made with; with `ChecksumAlgorithm` CRC32, every part has one. */
  readonly create: CreateMultipartUploadCommandInput;
  readonly body: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly partSizeBytes: number;
  /** Complete only if no object has the key; S3 decides when it completes. */
  readonly ifAbsent: boolean;
}

/** S3 takes no more parts than this. */
const partCountMax = 10_000;
/** Parts of one object on their way at one time: it is also how many copies of parts are in memory. */
const partsAtOnce = 4;

/**
 * Puts a large object in parts. Nothing of it is visible before the last request, and when anything fails, what was
 * uploaded is given up.
 *
 * @throws {S3Failure} `PreconditionFailed`, `ConditionalRequestConflict` (start again) or `NoSuchUpload` (given up by
 * somebody else, or an earlier try to complete went through) from completing; any other from any step.
 */
export async function putInParts(upload: MultipartUpload): Promise<void> {
  const { client, attempts, create } = upload;
  const { UploadId } = await attempts.run(0, ({ signal }) =>
    client.send(new CreateMultipartUploadCommand(create), { abortSignal: signal }),
  );
  if (UploadId === undefined) {
    throw brokenAnswer("the answer to CreateMultipartUpload names no upload");
  }
  const target = { Bucket: create.Bucket, Key: create.Key, UploadId };
  try {
    const parts = await uploadParts(upload, target);
    await complete(upload, target, parts);
  } catch (error) {
    await attempts
      .run(0, ({ signal }) => client.send(new AbortMultipartUploadCommand(target), { abortSignal: signal }))
      // Parts that stay cost space until the bucket's lifecycle rule removes them, and nothing else.
      .catch(() => {});
    throw error;
  }
}

interface Target {
  readonly Bucket: string | undefined;
  readonly Key: string | undefined;
  readonly UploadId: string;
}

async function uploadParts(upload: MultipartUpload, target: Target): Promise<CompletedPart[]> {
  const { attempts, body, client, sizeBytes } = upload;
  const partSizeBytes = Math.max(upload.partSizeBytes, Math.ceil(sizeBytes / partCountMax));
  const parts = Array.from({ length: Math.ceil(sizeBytes / partSizeBytes) }, (): CompletedPart => ({}));
  const waiting = parts.keys();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const index of waiting) {
      if (hasFailed) {
        return;
      }
      const Body = bytesBetween(body, index * partSizeBytes, Math.min((index + 1) * partSizeBytes, sizeBytes));
      const PartNumber = index + 1;
      try {
        const { ETag, ChecksumCRC32 } = await attempts.run(Body.length, ({ signal }) =>
          client.send(new UploadPartCommand({ ...target, PartNumber, Body }), { abortSignal: signal }),
        );
        parts[index] = { PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  // All of them must have ended before the upload is given up, or a late part would come after that.
  const ended = await Promise.allSettled(Array.from({ length: partsAtOnce }, worker));
  for (const end of ended) {
    if (end.status === "rejected") {
      throw end.reason;
    }
  }
  return parts;
}

async function complete(upload: MultipartUpload, target: Target, Parts: CompletedPart[]): Promise<void> {
  const { attempts, client, ifAbsent } = upload;
  const command = { ...target, MultipartUpload: { Parts }, ...(ifAbsent ? { IfNoneMatch: "*" } : {}) };
  await attempts.run(
    0,
    ({ signal }) => client.send(new CompleteMultipartUploadCommand(command), { abortSignal: signal }),
    // After this conflict the upload is gone, says AWS.
    (failure) => failure.code === "ConditionalRequestConflict",
  );
}

/** The bytes [start, end) of all the parts together; a view when one part holds them. */
export function bytesBetween(parts: readonly Uint8Array[], start: number, end: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const part of parts) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, part.length);
    if (from < to) {
      pieces.push(part.subarray(from, to));
    }
    offset += part.length;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, end - start);
}
