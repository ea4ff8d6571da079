import { DURATION_BOUNDS } from './forms.js';
import { LONG_NAME, MOST_EDITS, OTHER_WORDS, OUR_PREFIXES, SHARED_PREFIXES } from './near-miss.js';
import { SETTING_GROUPS } from './setting.js';
import { type SettingRow, settingsTable } from './settings.js';

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

const REFUSED_NAMES = `## Names that are refused

An environment is shared with other programs, so a name that this exporter does not know is refused only where it was
probably meant to be one of the above; it is compared in upper case. An edit is a letter inserted, left out, replaced or
swapped with its neighbour.

- Under ${quoted(OUR_PREFIXES)}: every unknown name.
- Under ${quoted(SHARED_PREFIXES)}: a name at most ${MOST_EDITS} edits away
  from a setting's; one made of words of a single setting's name (\`METRICS_INTERVAL\`); one that stops within the last
  word of a setting's name; one that goes on after a setting's name (\`REPLICATION_SLOT_NAME\`).
- Any other: a name at most ${MOST_EDITS} edits away, or 1 where it is shorter than ${LONG_NAME} letters, unless the setting that it
  resembles is set beside it. Names that LiteLLM and its like own (\`REDIS_HOST\`, \`DATABASE_USER\`) are left alone.
- ${quoted(Object.keys(OTHER_WORDS))}, and \`…_FILE\` of a setting that is no secret.

Every other name is somebody else's, and passed over without a word: \`DB_MAXCONN\`, \`LITELLM_EXPORTER_PORT\`.
`;

const PREAMBLE = `# Environment variables

<!-- Made from the table of settings in libs/config by \`npm run docs:env\`. A test compares them: change the table, not this file. -->

Everything is set by environment variables, and checked before anything else happens. A wrong value, a near miss of a
name ([below](#names-that-are-refused)) and a contradiction end the process with exit code 2 and one line each: the
variable, what was given, what is accepted. The value of a secret is never printed.

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
  return `${PREAMBLE}\n${sections.join('\n')}\n${REFUSED_NAMES}`;
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
