/**
 * A network as `load()` and `preset()` give it: the picture of its graph, and in words where it comes from.
 * It is known by what it has; the graph shows itself.
 */
import type { JsonObject } from "../protocol/message.js";

const DISPLAY = Symbol.for("Jupyter.display");

interface ModelLike {
  readonly name: string;
  readonly format: string;
  readonly version: string;
  readonly graph: { [DISPLAY](): JsonObject };
}

/** Returns what a notebook shows of a network, loaded or bare; undefined for what is none. */
export function modelData(value: object): JsonObject | undefined {
  const { model, file, sha256, notes } = value as Readonly<Record<string, unknown>>;
  if (isModel(model) && typeof file === "string" && typeof sha256 === "string") {
    const remarks = Array.isArray(notes) ? notes.map(String) : [];
    return withWords(model, [`${file}, ${kindOf(model)}, sha256 ${sha256.slice(0, 12)}`, ...remarks]);
  }
  return isModel(value) ? withWords(value, [`${value.name}, ${kindOf(value)}`]) : undefined;
}

const kindOf = ({ format, version }: ModelLike): string =>
  version === "" ? format : `${format} (${version})`;

function withWords({ graph }: ModelLike, words: readonly string[]): JsonObject {
  const shown = graph[DISPLAY]();
  return { ...shown, "text/plain": [...words, String(shown["text/plain"] ?? "")].join("\n") };
}

function isModel(value: unknown): value is ModelLike {
  if (typeof value !== "object" || value === null) return false;
  const { name, format, version, graph } = value as Partial<Record<keyof ModelLike, unknown>>;
  return (
    [name, format, version].every((each) => typeof each === "string") &&
    typeof graph === "object" &&
    graph !== null &&
    typeof (graph as Partial<ModelLike["graph"]>)[DISPLAY] === "function"
  );
}
