import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatNotebook, type Notebook, parseNotebook } from "../../kernel/notebook.js";
import { outputBook } from "../../kernel/outputs.js";
import { withParameters } from "../../kernel/parameters.js";
import { newHeader } from "../../kernel/protocol/message.js";
import { cellTitles } from "../../kernel/run-notebook.js";
import type { LabError } from "../../lib/errors.js";

const fixture = readFileSync(new URL("./fixtures/report.ipynb", import.meta.url), "utf8");

function refusal(act: () => unknown): LabError {
  try {
    act();
  } catch (error) {
    return error as LabError;
  }
  throw new Error("expected an error");
}
const file = (cells: unknown[], more = {}) =>
  JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells, ...more });

describe("parseNotebook() and formatNotebook()", () => {
  test("formatNotebook() gives the bytes that Jupyter wrote", () => {
    expect(formatNotebook(parseNotebook(fixture, "report"))).toBe(fixture);
  });

  test("texts may be strings or lists of lines; JSON content is left alone", () => {
    const cell = {
      id: "a",
      cell_type: "code",
      metadata: {},
      execution_count: 1,
      source: ["a\n", "b"],
      outputs: [
        { output_type: "stream", name: "stdout", text: ["x\n", "y\n"] },
        {
          output_type: "display_data",
          metadata: {},
          data: {
            "text/html": ["<b>", "</b>"],
            "application/json": ["x", "y"],
            "application/vnd.plotly.v1+json": { data: [] },
          },
        },
      ],
    };
    const [parsed] = parseNotebook(file([cell]), "n").cells;
    expect(parsed).toMatchObject({
      source: "a\nb",
      outputs: [{ text: "x\ny\n" }, { data: { "text/html": "<b></b>", "application/json": ["x", "y"] } }],
    });
  });

  test("cells without ids (nbformat 4.0 to 4.4) get ids by their place", () => {
    const cells = [
      { cell_type: "markdown", metadata: {}, source: "" },
      { cell_type: "raw", metadata: {}, source: "", id: "cell-0" },
    ];
    expect(parseNotebook(file(cells, { nbformat_minor: 2 }), "n").cells.map(({ id }) => id)).toEqual([
      "cell-0x",
      "cell-0",
    ]);
  });

  test.each([
    ["not JSON", "{", /^Cannot read notebook 'n': it is not JSON/],
    ["nbformat 3", JSON.stringify({ nbformat: 3, worksheets: [] }), /nbformat is 3, expected 4/],
    ["something else", "[]", /nbformat is missing, expected 4/],
    ["no cells", JSON.stringify({ nbformat: 4, nbformat_minor: 5 }), /cells: /],
    [
      "an unknown cell type",
      file([{ cell_type: "code", source: "" }, { cell_type: "heading" }]),
      /cell 1 has the type "heading", expected code, markdown or raw/,
    ],
    [
      "a broken output",
      file([{ cell_type: "code", source: "", outputs: [{ output_type: "stream", name: "out", text: "" }] }]),
      /cell 0 is not a code cell: outputs\.0\.name/,
    ],
    ["a bad id", file([{ cell_type: "raw", source: "", id: "no spaces" }]), /cell 0 .* id: expected 1 to 64/],
    [
      "one id twice",
      file([
        { cell_type: "raw", source: "", id: "a" },
        { cell_type: "raw", source: "", id: "a" },
      ]),
      /cells 0 and 1 have the same id 'a'/,
    ],
  ])("parseNotebook() says what is wrong with %s", (_name, content, message) => {
    const error = refusal(() => parseNotebook(content, "n"));
    expect(error.name).toBe("LabError");
    expect(error.message).toMatch(message);
  });
});

describe("withParameters()", () => {
  const notebook = parseNotebook(fixture, "report");

  test("puts a cell behind the defaults, and replaces it the second time", () => {
    const once = withParameters(notebook, { layers: 3, title: 'a "b"' });
    expect(once.cells[2]).toMatchObject({
      id: "injected-parameters",
      metadata: { tags: ["injected-parameters"] },
      source: '// Parameters of this run\nlet layers = 3;\nlet title = "a \\"b\\"";',
    });
    const twice = withParameters(once, { layers: 4 });
    expect(twice.cells).toHaveLength(once.cells.length);
    expect(twice.cells[2]?.source).toContain("layers = 4");
  });

  test("refuses names that the notebook does not declare", () => {
    expect(refusal(() => withParameters(notebook, { layer: 3 })).message).toBe(
      "Cannot set layer: the parameters cell declares layers, title",
    );
  });

  test("refuses a notebook without a parameters cell", () => {
    const plain: Notebook = { ...notebook, cells: notebook.cells.filter(({ id }) => id !== "params") };
    expect(refusal(() => withParameters(plain, { layers: 3 })).message).toMatch(
      /no code cell tagged 'parameters'/,
    );
  });
});

describe("outputBook()", () => {
  const message = (type: string, content: Record<string, unknown>) => ({
    identities: [],
    header: newHeader({ type, session: "s" }),
    parent: {},
    metadata: {},
    content,
  });
  const stream = (name: string, text: string) => message("stream", { name, text });
  const shown = (text: string, id?: string, type = "display_data") =>
    message(type, {
      data: { "text/plain": text },
      metadata: {},
      transient: id === undefined ? {} : { display_id: id },
    });

  test("joins adjacent pieces of one stream only", () => {
    const book = outputBook();
    for (const each of [
      stream("stdout", "a"),
      stream("stdout", "b"),
      stream("stderr", "c"),
      stream("stdout", "d"),
    ])
      book.add("x", each);
    expect(book.outputsOf("x").map((output) => output.output_type === "stream" && output.text)).toEqual([
      "ab",
      "c",
      "d",
    ]);
  });

  test("an update changes the display wherever it stands", () => {
    const book = outputBook();
    book.add("x", shown("1", "bar"));
    book.add("x", stream("stdout", "between"));
    book.add("y", shown("2", "bar", "update_display_data"));
    expect(book.outputsOf("x")).toMatchObject([{ data: { "text/plain": "2" } }, { text: "between" }]);
    expect(book.outputsOf("y")).toEqual([]);
  });

  test("clear_output empties the cell, at once or before the next output", () => {
    const book = outputBook();
    book.add("x", shown("1", "bar"));
    book.add("x", message("clear_output", { wait: true }));
    expect(book.outputsOf("x")).toHaveLength(1);
    book.add("x", shown("2"));
    book.add("x", shown("3", "bar", "update_display_data"));
    expect(book.outputsOf("x")).toMatchObject([{ data: { "text/plain": "2" } }]);
    book.add("x", message("clear_output", { wait: false }));
    expect(book.outputsOf("x")).toEqual([]);
  });
});

describe("cellTitles()", () => {
  test("a comment, else the heading above, else the first line", () => {
    const { cells } = parseNotebook(
      file([
        { cell_type: "code", source: "1 + 1\n2" },
        { cell_type: "markdown", source: "# One\ntext\n## Two ##" },
        { cell_type: "code", source: "f()" },
        { cell_type: "code", source: "\n// Draw it\nf()" },
      ]),
      "n",
    );
    expect(cellTitles(cells)).toEqual(["1 + 1", "Two", "Two", "Draw it"]);
  });
});
