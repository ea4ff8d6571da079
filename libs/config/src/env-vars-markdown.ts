import { DURATION_BOUNDS } from './forms.js';
import { SETTING_GROUPS } from './setting.js';
import { type SettingRow, settingsTable } from './settings.js';

const PREAMBLE = `# Environment variables

<!-- Made from the table of settings in libs/config by \`npm run docs:env\`. A test compares them: change the table, not this file. -->

Everything is set by environment variables, and checked before anything else happens. A wrong value, a misspelt name
and a contradiction end the process with exit code 2 and one line each: the variable, what was given, what is accepted.
The value of a secret is never printed.

- An empty variable is an unset one (only \`METRICS_TAG_EXCLUDE=\` means something: keep all tags).
- Every secret has a twin with \`_FILE\` at the end of its name, which names a file that holds the value (one line end at
  its end is dropped). Setting both is an error. These files, and those with certificates, are read again before each new
  connection: a rotated password is used without a restart.
- A length of time is a whole number with \`d\`, \`h\` or \`m\`, from ${DURATION_BOUNDS}: \`30d\`, \`24h\`, \`90m\`.
- What Kubernetes injects for Services (\`METRICS_PORT=tcp://…\`, \`…_SERVICE_HOST\`) is ignored with a warning.
`;

/** The whole of ENV_VARS.md. */
export function envVarsMarkdown(): string {
  const sections = SETTING_GROUPS.map((group) => {
    const rows = settingsTable().filter((row) => row.group === group);
    return `## ${group}\n\n| variable | default | accepted | meaning |\n|---|---|---|---|\n${rows.map(line).join('')}`;
  });
  return `${PREAMBLE}\n${sections.join('\n')}`;
}

function line(row: SettingRow): string {
  const twin = row.fileTwin === null ? '' : `, \`${row.fileTwin}\``;
  const remarks = [row.description, ...(row.secret ? ['Secret.'] : [])];
  const meaning = remarks.join(' ').replace(/\b((?:docs\/)?[A-Z_]+\.md)#[\w-]+/g, '[$1]($&)');
  const cells = [`\`${row.name}\`${twin}`, defaultOf(row), row.accepted, meaning];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

function defaultOf(row: SettingRow): string {
  if (row.defaultInWords !== null) return row.defaultInWords;
  return row.default === null ? '–' : `\`${row.default}\``;
}
