import { z } from "zod";
import { formatPath, type JsonPath, type Unread } from "./json.js";

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrapped(schema.unwrap());
  return schema;
}

/**
 * Returns what a document holds beyond its schema, with the path of each value, in the order of the document.
 * Objects and arrays of the schema are followed; inside anything else (a record, a union) all keys are known.
 */
export function unknownKeys(schema: z.ZodType, value: unknown, path: JsonPath = []): readonly Unread[] {
  const shape = unwrapped(schema);
  if (shape instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeys(shape.element as z.ZodType, item, [...path, index]));
  }
  if (!(shape instanceof z.ZodObject) || typeof value !== "object" || value === null) return [];
  const known = shape.shape as Readonly<Record<string, z.ZodType>>;
  return Object.entries(value).flatMap(([key, item]) =>
    Object.hasOwn(known, key)
      ? unknownKeys(known[key]!, item, [...path, key])
      : [{ path: formatPath([...path, key]), value: item }],
  );
}
