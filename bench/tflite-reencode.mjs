/**
 * Writes each .tflite file below a folder anew through the graph, and each preset, into another folder:
 * `npm run build && node bench/tflite-reencode.mjs FROM TO`. For tflite-runtime.py beside this.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeTflite } from "../dist/lib/formats/tflite/decode.js";
import { encodeTflite } from "../dist/lib/formats/tflite/encode.js";
import { CATALOG } from "../dist/lib/models/catalog.js";
import { bufferSource } from "../dist/lib/source.js";

const [from, to] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
const files = readdirSync(from, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".tflite"),
);
for (const file of files) {
  const data = readFileSync(join(from, file));
  const model = decodeTflite(bufferSource(file, data));
  for (const constants of ["inside", "behind"]) {
    const name = `${file.replaceAll("/", "__")}`;
    mkdirSync(join(to, constants), { recursive: true });
    writeFileSync(join(to, constants, name), encodeTflite(model, { constants }));
  }
}
mkdirSync(join(to, "presets"), { recursive: true });
for (const preset of CATALOG) {
  writeFileSync(join(to, "presets", `${preset.id}.tflite`), encodeTflite(preset.build()));
}
