/** Markdown as GitHub shows it, near enough for a test and a picture: its tables, alerts, colours of diffs and sizes. */

import MarkdownIt from "markdown-it";

const ALERTS: Readonly<Record<string, string>> = { CAUTION: "#d1242f", WARNING: "#9a6700", NOTE: "#0969da" };

const STYLE = `
  body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; color: #1f2328;
    margin: 16px; max-width: 920px; overflow-wrap: break-word }
  h3 { font-size: 1.25em; margin: 16px 0; line-height: 1.25 }
  p, ul, table, details, pre, blockquote { margin: 0 0 16px }
  ul { padding-left: 2em } table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto }
  th, td { padding: 6px 13px; border: 1px solid #d1d9e0 } tr:nth-child(2n) { background: #f6f8fa }
  code { font: 85%/1 ui-monospace, "DejaVu Sans Mono", monospace; background: #818b981f; border-radius: 6px; padding: .2em .4em }
  pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: auto; line-height: 1.45 }
  pre code { background: none; padding: 0; font-size: 12px }
  .add { color: #116329; background: #dafbe1 } .del { color: #82071e; background: #ffebe9 } .chg { color: #953800; background: #ffd8b5 }
  .alert { border-left: 4px solid; padding: 0 16px } sub { font-size: 75% }
  details details { margin-left: 1em }
`;

/** CommonMark with tables, HTML and addresses that become links by themselves, as GitHub's own Markdown. */
const markdown = new MarkdownIt({ html: true, linkify: true });
// A name with a dot is no address there.
markdown.linkify.set({ fuzzyLink: false });

/** The HTML of a comment. */
export const shownHtml = (text: string): string => markdown.render(text);

/** A whole page, for a browser. */
export function shownPage(text: string, isUnfolded = false): string {
  const html = shownHtml(text)
    .replace(/<blockquote>\s*<p>\[!(\w+)\]\s*/g, (_, kind: string) => {
      const colour = ALERTS[kind] ?? "#59636e";
      const title = `${kind.charAt(0)}${kind.slice(1).toLowerCase()}`;
      return `<blockquote class="alert" style="border-color:${colour}"><p><b style="color:${colour}">${title}</b></p><p>`;
    })
    .replace(
      /<pre><code class="language-diff">([^]*?)<\/code><\/pre>/g,
      (_, text: string) => `<pre><code>${coloured(text)}</code></pre>`,
    );
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${isUnfolded ? html.replaceAll("<details>", "<details open>") : html}`;
}

const CLASSES: Readonly<Record<string, string>> = { "+": "add", "-": "del", "!": "chg" };

const coloured = (text: string): string =>
  text
    .split("\n")
    .map((line) => {
      const name = CLASSES[line.charAt(0)];
      return name === undefined ? line : `<span class="${name}">${line}</span>`;
    })
    .join("\n");
