import protobuf from "protobufjs/light.js";

/**
 * Loki's push messages (pkg/push/push.proto) for protobufjs: the yardstick of the reader and the writer of this
 * package, and what tests and tools read and write requests with. `Entry.parsed` occurs in answers only.
 */
export const pushSchema: protobuf.INamespace = {
  nested: {
    logproto: {
      nested: {
        PushRequest: {
          fields: {
            streams: { rule: "repeated", type: "Stream", id: 1 },
            format: { type: "string", id: 2 },
          },
        },
        Stream: {
          fields: {
            labels: { type: "string", id: 1 },
            entries: { rule: "repeated", type: "Entry", id: 2 },
            hash: { type: "uint64", id: 3 },
          },
        },
        Entry: {
          fields: {
            timestamp: { type: "Timestamp", id: 1 },
            line: { type: "string", id: 2 },
            structuredMetadata: { rule: "repeated", type: "LabelPair", id: 3 },
            parsed: { rule: "repeated", type: "LabelPair", id: 4 },
          },
        },
        LabelPair: {
          fields: { name: { type: "string", id: 1 }, value: { type: "string", id: 2 } },
        },
        Timestamp: {
          fields: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } },
        },
      },
    },
  },
};

export const pushRequestType: protobuf.Type = protobuf.Root.fromJSON(pushSchema).lookupType("logproto.PushRequest");
