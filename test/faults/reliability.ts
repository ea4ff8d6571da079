import type { Result } from './run-scenario.js';
import type { Form } from './scenario.js';

/** One invocation of `npm run test:faults`. */
export interface Run {
  /** When it began, in UTC to the minute. */
  readonly id: string;
  /** Of the exporter; `+` where the sources differed from it. */
  readonly commit: string;
  readonly machine: string;
  readonly command: string;
}

/** What the document has to know of a scenario. */
export interface Listed {
  readonly name: string;
  readonly fault: string;
  readonly form: Form;
}

const head = `# What happens when things fail

Written by \`npm run test:faults -- --write\`; don't edit it by hand. Each fault was brought about against real servers while rows were
being written, and each run ended in the same question: is every family of \`/metrics\`, series by series, what SQL makes of the database?
*To recover* is the time from the end of the fault (or from its beginning, where it has no end) until everything that had been committed
by then stood in an answer. *Lost* and *doubled* are rows that the counters or the windows have too few or too many of. While it went on,
every exporter was asked in turn, and no answer may be older than one before it.

A run is of a few hundred to a few thousand rows where no other number is said; the state is small, and everything runs on one machine,
which other work may have kept busy: times are bounds from above. They grow with the size of a new seed.
`;

const columns = '| name | fault | what happened | to recover | rows | lost | doubled | servers | run |';
const runColumns = '| run (UTC) | commit | machine | command |';
const rule = (header: string): string => header.replaceAll(/[^|]+/g, '---');

const again = `One of them again: \`npm run test:faults -- --only <name>\`; all of them: \`npm run test:faults -- --long --write\`. Random ones:
\`npm run test:chaos -- --seed <number> --minutes <number>\`.
`;

/** What can't be run by every machine, and how it would be. */
const notRun = (waitAof: boolean): string => `## Not run here

| what | why | command |
|---|---|---|
${
  waitAof
    ? ''
    : `| \`WAITAOF\`: positions confirmed only when they are on the disk of Redis | there was neither Valkey nor Redis 7.2 | \`TEST_VALKEY_BIN=/path/to/valkey-server npm run test:faults -- --only valkey --write\` |
`
}| PostgreSQL 14, 16 and 17 in place of the embedded 18, slots that are synced to a standby on 17 among them | minutes each; \`npm run test:versions\` runs seeds and streams on them | \`TEST_EMBEDDED_POSTGRES_BIN=/directory/of/programs npm run test:faults -- --only promotion-with,links-cut\` |
| a managed PostgreSQL that fails over (RDS Multi-AZ, Aurora, Cloud SQL, Azure) | needs an account; a promotion and a crash are what it comes down to | point \`DATABASE_URL\` at it, run \`npm run start:exporter\` and the simulator, fail over, and compare with \`test/oracle\` |
| a disk that is full, of PostgreSQL or of Redis | needs a file system of its own | \`mount -t tmpfs -o size=64m tmpfs /mnt/small && TMPDIR=/mnt/small npm run test:faults -- --only redis-killed\` |
| a network that loses or reorders packets | needs the kernel's \`netem\`; the links here lose connections, time and bandwidth | \`tc qdisc add dev lo root netem loss 5% reorder 25% delay 10ms && npm run test:faults; tc qdisc del dev lo root\` |
`;

interface Row {
  readonly text: string;
  readonly run: string;
  readonly failed: boolean;
}

/**
 * The document with these results in it. Rows of scenarios that were not run stay as they are and keep naming their run; rows of
 * scenarios that are no more go. What has failed, what has never been run, and how many are of an earlier commit is said in front.
 */
export function reliabilityDocument(
  before: string,
  results: readonly Result[],
  run: Run,
  all: readonly Listed[],
): string {
  const rows = rowsOf(before);
  const runs = runsOf(before);
  for (const result of results) rows.set(result.name, rowOf(result, run));
  if (results.length > 0) runs.set(run.id, run);
  const known = all.flatMap(({ name }) => rows.get(name) ?? []);
  const used = [...runs.values()].filter(({ id }) => known.some((row) => row.run === id));
  const newest = [...used].sort((one, other) => other.id.localeCompare(one.id))[0];
  const lines = used.map(({ id, commit, machine, command }) => `| ${id} | ${commit} | ${machine} | \`${command}\` |`);
  const stale = ({ name }: Listed): boolean => {
    const row = rows.get(name);
    return row !== undefined && runs.get(row.run)?.commit !== newest?.commit;
  };
  return `${[
    head,
    summary(all, rows, stale),
    `## Faults\n\n${columns}\n${rule(columns)}\n${known.map(({ text }) => text).join('\n')}\n`,
    again,
    `## Runs\n\n${runColumns}\n${rule(runColumns)}\n${lines.join('\n')}\n`,
    notRun(known.some(({ text }) => hasWaitAof(text))),
  ]
    .join('\n')
    .trim()}\n`;
}

function summary(all: readonly Listed[], rows: ReadonlyMap<string, Row>, stale: (listed: Listed) => boolean): string {
  const failed = all.filter(({ name }) => rows.get(name)?.failed === true);
  const lacking = all.filter(({ name }) => !rows.has(name));
  const earlier = all.filter(stale);
  const passed = all.length - failed.length - lacking.length;
  const names = (listed: readonly Listed[]): string => listed.map(({ name }) => `\`${name}\``).join(', ');
  const named = (words: string, listed: readonly Listed[]): string[] =>
    listed.length === 0 ? [] : [`- **${words}**: ${names(listed)}`];
  const notes = [...named('failed', failed), ...named('not run yet', lacking)];
  const older =
    earlier.length === 0
      ? ''
      : ` ${earlier.length} ran on an earlier commit than the last run: each row names its own.`;
  const count = `${all.length} scenarios: ${passed} passed, ${failed.length} failed, ${lacking.length} not run yet.${older}\n`;
  return notes.length === 0 ? count : `${count}\n${notes.join('\n')}\n`;
}

const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

function rowsOf(document: string): Map<string, Row> {
  const lines = document
    .split('\n')
    .filter((line) => /^\| [a-z][a-z0-9-]+ \|/.test(line) && cellsOf(line).length === 9);
  return new Map(
    lines
      .filter((line) => !line.startsWith('| name |'))
      .map((text) => {
        const cells = cellsOf(text);
        return [cells[0] ?? '', { text, run: cells[8] ?? '', failed: (cells[2] ?? '').startsWith('**failed**') }];
      }),
  );
}

function runsOf(document: string): Map<string, Run> {
  const lines = document.split('\n').filter((line) => /^\| \d{4}-\d\d-\d\d \d\d:\d\d \|/.test(line));
  return new Map(
    lines.map((line) => {
      const [id = '', commit = '', machine = '', command = ''] = cellsOf(line);
      return [id, { id, commit, machine, command: command.replaceAll('`', '') }];
    }),
  );
}

function rowOf(result: Result, { id }: Run): Row {
  const { name, fault, happened, recovery, rows, rowsLost, rowsDoubled, servers, faults } = result;
  const failed = faults.length > 0;
  const verdict = failed ? `**failed**: ${faults[0]?.split('\n')[0]}` : happened;
  const figures = [
    Number.isNaN(recovery) ? '–' : `${recovery.toFixed(1)} s`,
    rows,
    figure(rowsLost),
    figure(rowsDoubled),
  ];
  const cells = [name, fault, verdict, ...figures, servers, id];
  const escaped = cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('<', '&lt;'));
  return { text: `| ${escaped.join(' | ')} |`, run: id, failed };
}

/** Rows, or a dash where a run did not come so far as to count them. */
function figure(value: number): string {
  return Number.isNaN(value) ? '–' : String(value);
}

/** True where a row was run on a Redis that has WAITAOF. */
function hasWaitAof(row: string): boolean {
  const [, major = '0', minor = '0'] = /(?:Redis|Valkey) (\d+)\.(\d+)/.exec(row) ?? [];
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2);
}
