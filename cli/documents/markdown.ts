/** Markdown as Prettier would write it. */

/** A table with aligned columns. `|` in a cell is written as text. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => [...(row[column] ?? "")].length)));
  const line = (row: readonly string[]) => {
    const padded = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return cell + " ".repeat(width - [...cell].length);
    });
    return `| ${padded.join(" | ")} |\n`;
  };
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("");
}

/** Puts `content` between `<!-- name -->` and `<!-- /name -->`. @throws Error when the marks are not there once each. */
export function withBlock(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = text.split(open);
  const [, after, ...further] = (rest ?? "").split(close);
  if (before === undefined || after === undefined || more.length > 0 || further.length > 0) {
    throw new Error(`there has to be one ${open} with one ${close} behind it`);
  }
  return `${before}${open}\n\n${content}\n${close}${after}`;
}
