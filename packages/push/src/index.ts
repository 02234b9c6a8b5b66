export { decodeLegacyPush, decodePush, type PushHttpRequest } from "./decode-push.ts";
export { encodePush } from "./encode-push.ts";
export { LabelCache } from "./label-cache.ts";
export { normalizeLabelName } from "./label-name.ts";
export { defaultPushLimits, type PushLimits } from "./limits.ts";
export { decodeOtlp, type OtlpOptions } from "./otlp/decode-otlp.ts";
export {
  compileOtlpMapping,
  defaultOtlpMapping,
  defaultResourceLabels,
  type AttributeAction,
  type AttributeRule,
  type OtlpConfig,
  type OtlpMapping,
} from "./otlp/otlp-mapping.ts";
export { encodeOtlpStatus } from "./otlp/otlp-status.ts";
export { readPushRequest } from "./protobuf-push.ts";
export { PushEncoder } from "./push-encoder.ts";
export type { PushedStream } from "./pushed-stream.ts";
export { createSnappyCodec, plainSnappyCodec, type SnappyCodec } from "./snappy.ts";
export { parseStreamLabels } from "./stream-labels.ts";
