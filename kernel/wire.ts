/**
 * The wire thread: Jupyter's five sockets. It starts the compiler's process first of all; the sockets are loaded
 * while that one starts.
 */
import { workerData } from "node:worker_threads";
import type { WireData } from "./threads.js";
import { startLanguage } from "./wire/language-client.js";

const data = workerData as WireData;
const language = startLanguage(data.folder);
const { serveJupyter } = await import("./wire/jupyter.js");
await serveJupyter({ ...data, language });
