const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A row as PostgreSQL writes it in COPY's text format, its newline included. */
export function copyLine(fields: readonly (string | null)[]): string {
  return `${fields.map(copyValue).join('\t')}\n`;
}

function copyValue(value: string | null): string {
  return value === null ? '\\N' : value.replace(/[\\\b\f\n\r\t\v]/g, (character) => ESCAPES[character] ?? character);
}
