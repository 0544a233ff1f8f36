/** Answers the requests that do not run code. */
import type { JsonObject, Message } from "../protocol/message.js";
import { PROTOCOL_VERSION } from "../protocol/message.js";
import type { Comms } from "./comms.js";
import type { History, HistoryQuery } from "./history.js";
import type { LanguageClient } from "./language-client.js";
import { toCodePoints, toUtf16 } from "./positions.js";

export interface ShellOptions {
  readonly language: LanguageClient;
  readonly history: History;
  readonly comms: Comms;
  readonly typescriptVersion: string;
  readonly implementationVersion: string;
}

export interface Answer {
  readonly type: string;
  readonly content: JsonObject;
}

/** Returns the reply to a request, or undefined for a message that has none. */
export type Shell = (request: Message) => Promise<Answer | undefined>;

export function createShell({
  language,
  history,
  comms,
  typescriptVersion,
  implementationVersion,
}: ShellOptions): Shell {
  const kernelInfo: JsonObject = {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "npulab",
    implementation_version: implementationVersion,
    language_info: {
      name: "typescript",
      version: typescriptVersion,
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      codemirror_mode: { name: "javascript", typescript: true },
      nbconvert_exporter: "script",
    },
    banner: `npulab ${implementationVersion}: TypeScript ${typescriptVersion} on Node ${process.versions.node}`,
    help_links: [],
    debugger: false,
    supported_features: [],
  };

  async function complete({ content }: Message): Promise<JsonObject> {
    const code = text(content.code);
    const position = toUtf16(code, whole(content.cursor_pos, code.length));
    const { matches, ...span } = await language.ask({ op: "complete", code, position });
    const start = toCodePoints(code, span.start);
    const end = toCodePoints(code, span.end);
    return {
      status: "ok",
      matches: matches.map((match) => match.text),
      cursor_start: start,
      cursor_end: end,
      metadata: {
        // JupyterLab shows the kind beside the name; the key is the one ipykernel uses.
        _jupyter_types_experimental: matches.map((match) => ({
          text: match.text,
          type: match.kind,
          start,
          end,
        })),
      },
    };
  }

  async function inspect({ content }: Message): Promise<JsonObject> {
    const code = text(content.code);
    const position = toUtf16(code, whole(content.cursor_pos, code.length));
    const found = await language.ask({ op: "inspect", code, position });
    if (found === null) return { status: "ok", found: false, data: {}, metadata: {} };
    const { signature, documentation } = found;
    return {
      status: "ok",
      found: true,
      data: {
        "text/plain": [signature, documentation].filter((part) => part !== "").join("\n\n"),
        "text/markdown": `\`\`\`ts\n${signature}\n\`\`\`\n\n${documentation}`.trimEnd(),
      },
      metadata: {},
    };
  }

  function historyReply({ content }: Message): JsonObject {
    const found = history.find(historyQuery(content));
    return {
      status: "ok",
      history: content.output === true ? found.map(([s, line, source]) => [s, line, [source, null]]) : found,
    };
  }

  return async (request) => {
    switch (request.header.msg_type) {
      case "kernel_info_request":
        return { type: "kernel_info_reply", content: kernelInfo };
      case "complete_request":
        return { type: "complete_reply", content: await complete(request) };
      case "inspect_request":
        return { type: "inspect_reply", content: await inspect(request) };
      case "is_complete_request": {
        const verdict = await language.ask({ op: "isComplete", code: text(request.content.code) });
        return { type: "is_complete_reply", content: { ...verdict } };
      }
      case "history_request":
        return { type: "history_reply", content: historyReply(request) };
      case "comm_info_request":
        return {
          type: "comm_info_reply",
          content: { status: "ok", comms: comms.open(text(request.content.target_name)) },
        };
      case "comm_open":
      case "comm_msg":
      case "comm_close":
        await comms.deliver(request);
        return undefined;
      case "debug_request":
        return { type: "debug_reply", content: noDebugger(request.content) };
      default:
        return undefined;
    }
  };
}

/** A refusal in the words of the Debug Adapter Protocol, so that a front end that asks is not left waiting. */
function noDebugger({ seq, command }: JsonObject): JsonObject {
  return {
    type: "response",
    seq: 0,
    request_seq: whole(seq, 0),
    command: text(command),
    success: false,
    message: "this kernel has no debugger",
    body: {},
  };
}

function historyQuery(content: JsonObject): HistoryQuery {
  switch (content.hist_access_type) {
    case "range":
      return {
        access: "range",
        session: whole(content.session, 0),
        start: whole(content.start, 0),
        stop: whole(content.stop, Number.MAX_SAFE_INTEGER),
      };
    case "search": {
      const pattern = text(content.pattern, "*");
      const unique = content.unique === true;
      return typeof content.n === "number"
        ? { access: "search", pattern, unique, n: content.n }
        : { access: "search", pattern, unique };
    }
    default:
      return { access: "tail", n: whole(content.n, 10) };
  }
}

function text(value: unknown, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}

function whole(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isInteger(value) ? value : fallback;
}
