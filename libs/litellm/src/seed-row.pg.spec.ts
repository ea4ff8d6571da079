import type { Row } from '@app/change';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { readSeedLine } from '../../../test/support/seed-line.js';
import { quoteIdentifier } from './identifiers.js';
import { SEED_COLUMNS, seedSelectList } from './seed-row.js';
import { readSpendFact } from './spend-row.js';
import { type ColumnType, TABLES } from './tables.js';

type TimeType = 'timestamp(3)' | 'timestamp' | 'timestamptz';
type Cells = Readonly<Record<string, string | null>>;

/** Texts with a zone, as instants, in each form that LiteLLM's columns have. */
const TIMES: Record<TimeType, string> = {
  'timestamp(3)': `timestamptz AT TIME ZONE 'UTC')::timestamp(3)`,
  timestamp: `timestamptz AT TIME ZONE 'UTC')`,
  timestamptz: 'timestamptz)',
};

const TYPES: Record<ColumnType, string> = {
  text: 'text',
  float: 'double precision',
  integer: 'integer',
  boolean: 'boolean',
  timestamp: 'timestamptz',
  json: 'jsonb',
  array: 'text[]',
};

/** Text that PostgreSQL can hold: no NUL, no half of a surrogate pair. */
const storable = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 3 });
const document = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  value
    .map((content) => JSON.stringify(content))
    .chain((text) => fc.constantFrom(text, JSON.stringify(text), JSON.stringify(JSON.stringify(text))))
    .filter((text) => !text.includes('\\u0000'));

const time = fc.oneof(
  fc
    .tuple(fc.integer({ min: -2_208_988_800, max: 4_102_444_800 }), fc.integer({ min: 0, max: 999_999 }))
    .map(
      ([second, micros]) => `${new Date(second * 1_000).toISOString().slice(0, 19)}.${`${micros}`.padStart(6, '0')}Z`,
    ),
  fc.constantFrom(
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    '12345-06-07 08:09:10+00',
    '294276-12-30 23:59:59+00',
  ),
);
const status = fc.constantFrom(null, '', 'success', 'failure', 'failure', 'odd');
const metadata = fc.oneof(
  document(json),
  document(
    fc.record(
      {
        status: fc.oneof(fc.constantFrom('success', 'failure', 'failure', null), json),
        error_information: fc.oneof(json, fc.record({ error_class: fc.oneof(storable, json), error_code: json })),
        other: json,
      },
      { requiredKeys: [] },
    ),
  ),
  fc.constantFrom('"not json"', '"{\\"status\\""', 'null'),
);
const number = fc.oneof(fc.double().map(String), fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '-0'));

const cellsOf: Record<string, fc.Arbitrary<string | null>> = {
  startTime: time,
  endTime: time,
  completionStartTime: fc.option(time),
  spend: number,
  status,
  metadata: fc.option(metadata),
  request_tags: fc.option(fc.oneof(document(fc.array(fc.oneof(storable, json))), document(json))),
  cache_hit: fc.option(fc.oneof(fc.constantFrom('True', 'False', 'None', 'TRUE'), storable)),
};
const rows: fc.Arbitrary<Cells> = fc.record(
  Object.fromEntries(
    TABLES.spend_logs.columns.map(({ name, type }) => [
      name,
      cellsOf[name] ??
        fc.option(type === 'integer' ? fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String) : storable),
    ]),
  ),
);

describe('a seed line', () => {
  let server: PostgresServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres({ flavor: 'debian-15' });
    client = new pg.Client(server.url());
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await server[Symbol.asyncDispose]();
  });

  /** Every column in its text form, as `COPY` and as the stream give it. */
  async function select(list: readonly string[], cells: Cells, timeType: TimeType): Promise<(string | null)[]> {
    const columns = TABLES.spend_logs.columns.filter(({ name }) => name in cells);
    const values = columns.map(({ name, type }, at) => {
      const cast = type === 'timestamp' ? TIMES[timeType] : `${TYPES[type]})`;
      return `($${at + 1}::text::${cast} AS ${quoteIdentifier(name)}`;
    });
    const result = await client.query<(string | null)[]>({
      text: `SELECT ${list.join()} FROM (SELECT ${values.join()}) AS logs`,
      values: columns.map(({ name }) => cells[name]),
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    });
    return result.rows[0] ?? [];
  }

  async function agree(cells: Cells, timeType: TimeType): Promise<void> {
    const names = Object.keys(cells);
    await client.query(`SET TimeZone = 'Australia/Eucla'`);
    const line = await select(seedSelectList(new Set(names)), cells, timeType);
    await client.query(`SET TimeZone = 'UTC'`);
    const values = await select(names.map(quoteIdentifier), cells, timeType);
    const row: Row = Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]));
    const { fact, rejections } = readSpendFact(row);
    expect(line).toHaveLength(SEED_COLUMNS.length);
    expect(readSeedLine(line)).toEqual({ fact: fact && { ...fact, requestId: '' }, rejections });
  }

  it.each(Object.keys(TIMES) as TimeType[])(
    'says what the row says, with times as %s, whatever the time zone of the session',
    async (timeType) => {
      await fc.assert(
        fc.asyncProperty(rows, (cells) => agree(cells, timeType)),
        { numRuns: 300 },
      );
    },
  );

  it('says what the row says where an older LiteLLM has no status column', async () => {
    const older = rows.map(({ status: _, organization_id: __, ...cells }) => cells);
    await fc.assert(
      fc.asyncProperty(older, (cells) => agree(cells, 'timestamp')),
      { numRuns: 200 },
    );
  });
});
