/**
 * The language process without a snapshot: reads the compiler and the types itself. Started as
 * `node language.js FOLDER` with a channel to the kernel.
 */
import { serve } from "./language/server.js";
import { languageSession } from "./language/session.js";
import { keepCompiler } from "./language/typescript.js";

const folder = process.argv[2] as string;
const session = languageSession(folder);
// The first look reads the standard library: do it before somebody waits for it.
session.answer({ op: "compile", code: "const warm = [1].map((each) => each); warm" });
serve(session);
keepCompiler();
