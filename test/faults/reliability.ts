import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Result } from './run-scenario.js';
import { allScenarios } from './scenarios/all-scenarios.js';

const file = new URL('../../docs/RELIABILITY.md', import.meta.url);

const head = `# What happens when things fail

Written by \`npm run test:faults -- --write\`; don't edit the tables by hand. Each fault was brought about against real servers while
rows were being written, and each run ended in the same question: is every family of \`/metrics\`, series by series, what SQL makes of
the database? *To recover* is the time from the end of the fault (or from its beginning, where it has no end) until everything that had
been committed by then stood in an answer. *Lost* and *doubled* are rows that the counters or the windows have too few or too many of.
While it went on, every exporter was asked in turn, and no answer may be older than one before it.

A run is of a few hundred to a few thousand rows; the state is small, and everything runs on one machine. Times grow with the size of a
new seed.
`;

const columns = '| name | fault | what happened | to recover | rows | lost | doubled | servers | date |';
const rule = '|---|---|---|---|---|---|---|---|---|';

/** What can't be run by every machine, and how it would be. */
const notRun = `## Not run here

| what | why | command |
|---|---|---|
| \`WAITAOF\`: positions confirmed only when they are on the disk of Redis | needs Redis or Valkey 7.2; Debian 12 has 7.0, and neither npm nor PyPI carries a server of that version | \`TEST_REDIS_BIN=/path/to/valkey-server npm run test:faults -- --only redis\` |
| Redis Sentinel and Redis Cluster failing over by themselves | the failover here is done by hand (\`REPLICAOF NO ONE\`, and the address moved) | – |
| a disk that is full, of PostgreSQL or of Redis | needs a file system of its own | – |
| a network that loses or reorders packets | needs \`tc\`; the links here lose connections, time and bandwidth | – |
`;

/** Rows of the table by the name of their scenario, as the document has them. */
function rowsOf(document: string): Map<string, string> {
  const rows = document.split('\n').filter((line) => /^\| [a-z]+[a-z0-9-]+ \|/.test(line));
  return new Map(rows.map((row) => [/^\| (\S+) \|/.exec(row)?.[1] ?? '', row]));
}

/** Writes what was to be seen into docs/RELIABILITY.md; rows of scenarios that were not run stay as they are. */
export function writeReliability(results: readonly Result[], now: Date): void {
  const document = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const rows = rowsOf(document);
  for (const result of results) rows.set(result.name, rowOf(result, now));
  const known = allScenarios.map(({ name }) => rows.get(name)).filter((row) => row !== undefined);
  const lacking = allScenarios.filter(({ name }) => !rows.has(name));
  const text = [
    head,
    `## Faults\n\n${columns}\n${rule}\n${known.join('\n')}\n`,
    'One of them again: `npm run test:faults -- --only <name>`; those that take minutes need `--long`. Random ones:',
    '`npm run test:chaos -- --seed <number> --minutes <number>`.\n',
    notRun,
    ...(lacking.length === 0 ? [] : [lackingTable(lacking)]),
  ];
  writeFileSync(file, `${text.join('\n').trim()}\n`);
}

function lackingTable(lacking: readonly { readonly name: string; readonly fault: string }[]): string {
  const lines = lacking.map(({ name, fault }) => `- ${fault}: \`npm run test:faults -- --only ${name} --write\``);
  return `Scenarios that are there and have not been written down yet:\n\n${lines.join('\n')}\n`;
}

function rowOf(result: Result, now: Date): string {
  const { name, fault, happened, recovery, rows, rowsLost, rowsDoubled, servers, faults } = result;
  const verdict = faults.length === 0 ? happened : `**failed**: ${faults[0]?.split('\n')[0]}`;
  const cells = [name, fault, verdict, `${recovery.toFixed(1)} s`, rows, rowsLost, rowsDoubled, servers];
  const escaped = cells.map((cell) => String(cell).replaceAll('|', '\\|'));
  return `| ${[...escaped, now.toISOString().slice(0, 10)].join(' | ')} |`;
}
