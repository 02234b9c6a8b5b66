import { z } from "zod";

/** The keys that a schema knows at a place of its value; none where anything goes. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const inner = withoutWrappers(schema);
  if (inner instanceof z.ZodObject) {
    const [key, ...rest] = path;
    const keys = Object.keys(inner.shape);
    const found: unknown = key === undefined ? undefined : inner.shape[String(key)];
    return key === undefined ? keys : found instanceof z.ZodType ? knownKeys(found, rest) : [];
  }
  if (path.length > 0 && inner instanceof z.ZodArray) {
    return knownKeys(inner.element, path.slice(1));
  }
  if (path.length > 0 && inner instanceof z.ZodRecord) {
    return knownKeys(inner.valueType, path.slice(1));
  }
  return [];
}

/** The schema that reads the text of the file: without defaults, and without what its value becomes later. */
function withoutWrappers(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) {
    return withoutWrappers(schema.in);
  }
  const isWrapper =
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable;
  return isWrapper ? withoutWrappers(schema.unwrap()) : schema;
}
