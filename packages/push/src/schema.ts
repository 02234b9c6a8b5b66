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

/**
 * OpenTelemetry's logs (opentelemetry-proto, collector/logs/v1), as far as they are read: the yardstick of that reader.
 */
export const otlpSchema: protobuf.INamespace = {
  nested: {
    otlp: {
      nested: {
        ExportLogsServiceRequest: {
          fields: { resourceLogs: { rule: "repeated", type: "ResourceLogs", id: 1 } },
        },
        ResourceLogs: {
          fields: {
            resource: { type: "Resource", id: 1 },
            scopeLogs: { rule: "repeated", type: "ScopeLogs", id: 2 },
            schemaUrl: { type: "string", id: 3 },
          },
        },
        Resource: {
          fields: {
            attributes: { rule: "repeated", type: "KeyValue", id: 1 },
            droppedAttributesCount: { type: "uint32", id: 2 },
          },
        },
        ScopeLogs: {
          fields: {
            scope: { type: "InstrumentationScope", id: 1 },
            logRecords: { rule: "repeated", type: "LogRecord", id: 2 },
            schemaUrl: { type: "string", id: 3 },
          },
        },
        InstrumentationScope: {
          fields: {
            name: { type: "string", id: 1 },
            version: { type: "string", id: 2 },
            attributes: { rule: "repeated", type: "KeyValue", id: 3 },
            droppedAttributesCount: { type: "uint32", id: 4 },
          },
        },
        LogRecord: {
          fields: {
            timeUnixNano: { type: "fixed64", id: 1 },
            observedTimeUnixNano: { type: "fixed64", id: 11 },
            severityNumber: { type: "int32", id: 2 },
            severityText: { type: "string", id: 3 },
            body: { type: "AnyValue", id: 5 },
            attributes: { rule: "repeated", type: "KeyValue", id: 6 },
            droppedAttributesCount: { type: "uint32", id: 7 },
            flags: { type: "fixed32", id: 8 },
            traceId: { type: "bytes", id: 9 },
            spanId: { type: "bytes", id: 10 },
            eventName: { type: "string", id: 12 },
          },
        },
        KeyValue: {
          fields: { key: { type: "string", id: 1 }, value: { type: "AnyValue", id: 2 } },
        },
        AnyValue: {
          oneofs: {
            value: {
              oneof: ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"],
            },
          },
          fields: {
            stringValue: { type: "string", id: 1 },
            boolValue: { type: "bool", id: 2 },
            intValue: { type: "int64", id: 3 },
            doubleValue: { type: "double", id: 4 },
            arrayValue: { type: "ArrayValue", id: 5 },
            kvlistValue: { type: "KeyValueList", id: 6 },
            bytesValue: { type: "bytes", id: 7 },
          },
        },
        ArrayValue: { fields: { values: { rule: "repeated", type: "AnyValue", id: 1 } } },
        KeyValueList: { fields: { values: { rule: "repeated", type: "KeyValue", id: 1 } } },
      },
    },
  },
};

export const otlpRequestType: protobuf.Type = protobuf.Root.fromJSON(otlpSchema).lookupType(
  "otlp.ExportLogsServiceRequest",
);
