// The first lines of a CSV or TSV file as rows of cells; what stands in quotes may hold separators and quotes.

const OTHERS = [";", "\t", "|"];

/** `separator` is what the name of the file says; another one counts where the first line has only that. */
export function parseRows(text, separator) {
  const [first] = text.split("\n", 1);
  const used = first.includes(separator) ? separator : OTHERS.find((sign) => first.includes(sign)) ?? separator;
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    const row = rows.at(-1);
    if (quoted && sign === '"' && text[at + 1] === '"') { row[row.length - 1] += sign; at += 1; }
    else if (sign === '"' && (quoted || row.at(-1) === "")) quoted = !quoted;
    else if (quoted) row[row.length - 1] += sign;
    else if (sign === used) row.push("");
    else if (sign === "\n") rows.push([""]);
    else if (sign !== "\r") row[row.length - 1] += sign;
  }
  return rows;
}
