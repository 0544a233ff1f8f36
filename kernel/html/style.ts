/** The page's look: system fonts, one column of text, colours for light and dark, and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2024; --soft: #5b6570; --line: #dfe3e8; --wash: #f5f7f9; --accent: #0b62c4;
  --bad: #b3261e; --bad-wash: #fdf1f0; --warn-wash: #fff8e6;
  --keyword: #9a2393; --string: #1a6b35; --number: #96410e; --comment: #66707b; --title: #0b57ad; --type: #7a5200;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e4e7eb; --soft: #9aa5b1; --line: #2f363e; --wash: #1d2126; --accent: #78b4ff;
    --bad: #ff8a80; --bad-wash: #2c1b1b; --warn-wash: #2a2518;
    --keyword: #e39bdc; --string: #8fd3a0; --number: #f0b27a; --comment: #8b96a1; --title: #8cc0ff; --type: #e0c06c;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 var(--sans); }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--paper); z-index: 1; }
.page { max-width: 1100px; margin: 0 auto; padding: 2rem 1.25rem 5rem; }
.tools { display: flex; justify-content: flex-end; min-height: 2.25rem; }
button { font: inherit; font-size: 0.875rem; color: var(--ink); background: var(--wash); border: 1px solid var(--line);
  border-radius: 6px; padding: 0.3rem 0.8rem; cursor: pointer; }
button:hover { border-color: var(--soft); }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 650; text-wrap: balance; letter-spacing: -0.01em; }
h1 { text-wrap: pretty; font-size: clamp(1.7rem, 1.2rem + 2vw, 2.3rem); margin: 0.5rem 0 1rem; }
h2 { font-size: 1.45rem; margin: 3rem 0 0.8rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
h4 { font-size: 1rem; margin: 1.5rem 0 0.4rem; }
.prose > :is(p, ul, ol, blockquote, dl) { max-width: 74ch; }
.prose > p { margin: 0.8rem 0; }
blockquote { margin: 1rem 0; padding: 0.1rem 1rem; border-left: 3px solid var(--accent); color: var(--soft); }
img { max-width: 100%; height: auto; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
nav.contents { border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1.1rem; margin: 1.2rem 0 2rem; font-size: 0.92rem; }
nav.contents h2 { all: unset; display: block; font-weight: 650; font-size: 0.92rem; margin-bottom: 0.3rem; }
nav.contents ol { list-style: none; margin: 0; padding: 0; }
nav.contents > ol { columns: 2 18rem; column-gap: 2rem; }
nav.contents ol ol { padding-left: 1.1rem; }
nav.contents li { padding: 0.1rem 0; break-inside: avoid; }
nav.contents a { color: inherit; text-decoration: none; }
nav.contents a:hover { color: var(--accent); text-decoration: underline; }
code, pre { font-family: var(--mono); font-size: 0.855rem; line-height: 1.5; font-variant-ligatures: none; }
:not(pre) > code { background: var(--wash); border-radius: 4px; padding: 0.1em 0.35em; overflow-wrap: break-word; }
pre { margin: 0.7rem 0; overflow-x: auto; tab-size: 2; }
.prose pre, details.code pre, pre.json { background: var(--wash); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; }
details.code { margin: 0.9rem 0 0.5rem; }
details.code > summary { width: fit-content; max-width: 100%; cursor: pointer; color: var(--soft); font-size: 0.84rem; padding: 0.1rem 0.3rem 0.1rem 0;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details.code > summary:hover { color: var(--accent); }
details.code > summary .what { font-weight: 600; }
details.code pre { margin: 0.4rem 0 0; }
.outputs { margin: 0.4rem 0 1.4rem; }
.outputs > * + * { margin-top: 0.8rem; }
.outputs pre { max-height: 36rem; overflow: auto; white-space: pre; }
pre.stream, pre.plain { padding: 0.6rem 1rem; border-left: 3px solid var(--line); margin: 0; }
pre.stderr { border-left-color: #d9a400; background: var(--warn-wash); }
.error { border: 1px solid var(--bad); border-radius: 8px; background: var(--bad-wash); padding: 0.6rem 1rem; }
.error pre { margin: 0; }
.error pre > .ansi-red-fg:first-child { font-weight: 650; }
.missing { color: var(--soft); font-style: italic; }
.scroll { overflow-x: auto; margin: 1rem 0; }
.outputs .scroll { margin: 0; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; margin: 0; }
caption { text-align: left; color: var(--soft); padding: 0 0 0.5rem; }
th, td { padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0.3rem; }
thead th { font-weight: 600; border-bottom: 2px solid var(--soft); vertical-align: bottom; }
.katex-display { overflow-x: auto; overflow-y: hidden; padding: 0.2rem 0; }
th small { font-weight: 400; color: var(--soft); }
tfoot td { color: var(--soft); }
.npulab-pager { font-size: 0.86rem; color: var(--soft); margin-top: 0.5rem; }
tbody tr:hover { background: var(--wash); }
.html p { color: var(--soft); font-size: 0.875rem; margin: 0.4rem 0; }
figure { margin: 0; }
.outputs figure img { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 0.5rem; }
figure.plot { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 0.4rem; overflow: hidden; }
.plot-area { min-height: 380px; width: 100%; }
.ansi-black-fg { color: var(--ink); } .ansi-red-fg, .ansi-bright-red-fg { color: var(--bad); }
.ansi-green-fg, .ansi-bright-green-fg { color: var(--string); } .ansi-yellow-fg, .ansi-bright-yellow-fg { color: var(--type); }
.ansi-blue-fg, .ansi-bright-blue-fg { color: var(--title); } .ansi-magenta-fg, .ansi-bright-magenta-fg { color: var(--keyword); }
.ansi-cyan-fg, .ansi-bright-cyan-fg { color: var(--title); } .ansi-bright-black-fg { color: var(--soft); }
.hljs-keyword, .hljs-built_in, .hljs-literal { color: var(--keyword); }
.hljs-string, .hljs-regexp, .hljs-subst { color: var(--string); }
.hljs-number { color: var(--number); } .hljs-comment { color: var(--comment); font-style: italic; }
.hljs-title, .hljs-attr { color: var(--title); } .hljs-type, .hljs-title.class_ { color: var(--type); }
@media (max-width: 560px) { .page { padding: 1rem 0.9rem 3rem; } th, td { padding: 0.3rem 0.6rem; } }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --wash: #f6f6f6; color-scheme: light; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  tbody tr[hidden] { display: table-row; }
  .npulab-pages { max-height: none !important; overflow: visible !important; }
  .tools, .skip, .npulab-pager, details.code:not([open]) { display: none; }
  .outputs pre { max-height: none; white-space: pre-wrap; overflow: visible; }
  .scroll { overflow: visible; }
  h2, h3 { break-after: avoid; }
  figure, .error, tr { break-inside: avoid; }
}
`;
