/** SQL whose changes a decoder has to tell rightly; each statement is a transaction of its own unless it says BEGIN. */
export interface DecoderScenario {
  readonly name: string;
  readonly statements: readonly string[];
}

/** Tables of the scenarios, made before the slots. */
export const decoderTables: readonly string[] = [
  'CREATE DOMAIN amount AS numeric',
  `CREATE TABLE typed (id integer PRIMARY KEY, yes boolean, small smallint, large bigint, real4 real, real8 double precision,
     exact numeric, words text, at timestamp(3), at_zone timestamptz, doc jsonb, raw json, tags text[], numbers integer[],
     bytes bytea, unique_id uuid, day date, object oid, padded char(3), owed amount)`,
  'CREATE TABLE "LiteLLM_MixedCase" ("requestId" text PRIMARY KEY, "startTime" timestamp(3), "user" text)',
  'CREATE TABLE wide (id text PRIMARY KEY, spend double precision, doc jsonb)',
  'ALTER TABLE wide ALTER COLUMN doc SET STORAGE EXTERNAL',
  'CREATE TABLE whole (id integer PRIMARY KEY, name text, note text)',
  'ALTER TABLE whole REPLICA IDENTITY FULL',
  'ALTER TABLE whole ALTER COLUMN note SET STORAGE EXTERNAL',
  'CREATE TABLE member (team text, person text, spend double precision, PRIMARY KEY (team, person))',
  'CREATE TABLE other_one (id integer PRIMARY KEY)',
  'CREATE TABLE other_two (id integer PRIMARY KEY)',
  `CREATE TABLE "LiteLLM_SpendLogs" (request_id text, "startTime" timestamp(3), spend double precision,
     PRIMARY KEY (request_id, "startTime")) PARTITION BY RANGE ("startTime")`,
  `CREATE TABLE "LiteLLM_SpendLogs_p20260101" PARTITION OF "LiteLLM_SpendLogs" FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')`,
  'CREATE TABLE "LiteLLM_SpendLogs_pdefault" PARTITION OF "LiteLLM_SpendLogs" DEFAULT',
  'CREATE TABLE grows (id integer PRIMARY KEY)',
];

/** Names of the tables above, as a consumer would ask for them. */
export const decoderTableNames: readonly string[] = [
  'typed',
  'LiteLLM_MixedCase',
  'wide',
  'whole',
  'member',
  'other_one',
  'other_two',
  'LiteLLM_SpendLogs',
  'grows',
];

const toasted = (fill: string) => `jsonb_build_object('text', repeat('${fill}', 9000))`;

/** In the order in which they run, on one database. */
export const decoderScenarios: readonly DecoderScenario[] = [
  {
    name: 'types',
    statements: [
      `INSERT INTO typed VALUES (1, true, -7, 9007199254740993, 0.1, 0.1, 123.4500, 'text', '2026-01-02 03:04:05.678',
         '2026-01-02 03:04:05.678901+02', '{"b": [1, null], "a": "ü"}', '{"b" :1}', '{a,"b,c",NULL,""}', '{1,2}', '\\x00ff',
         '6ecd8c99-4036-403d-bf84-cf8400f67836', '2026-01-02', 4294967295, 'ab', 1.50)`,
    ],
  },
  { name: 'nulls', statements: ['INSERT INTO typed (id) VALUES (2)'] },
  {
    name: 'special numbers',
    statements: [
      "INSERT INTO typed (id, real8, real4, exact, owed) VALUES (3, 'NaN', 'NaN', 'NaN', 'NaN')",
      "INSERT INTO typed (id, real8, real4, exact) VALUES (4, 'Infinity', '-Infinity', 'Infinity')",
      "INSERT INTO typed (id, real8, real4, exact) VALUES (5, '-0', 1e-40, 10 ^ 400::numeric)",
      "INSERT INTO typed (id, real8, exact) VALUES (6, 1.7976931348623157e308, '12345678901234567890.123456789')",
    ],
  },
  {
    name: 'texts',
    statements: [
      "INSERT INTO typed (id, words) VALUES (10, '')",
      "INSERT INTO typed (id, words) VALUES (11, '🦀 naïve 🏳️‍🌈')",
      `INSERT INTO typed (id, words) VALUES (12, E'quote " back\\\\slash \\n tab \\t bell \\u0007 line \\u2028')`,
      `INSERT INTO typed (id, words) VALUES (13, E'\\uFEFFmarked')`,
      "INSERT INTO typed (id, words) VALUES (14, 'NULL'), (15, 'null'), (16, 'NaN'), (17, 'true'), (18, '42')",
    ],
  },
  {
    name: 'mixed case',
    statements: [`INSERT INTO "LiteLLM_MixedCase" VALUES ('r 1', '2026-01-02 00:00:00', 'me')`],
  },
  {
    name: 'unchanged toast',
    statements: [
      `INSERT INTO wide VALUES ('a', 1, ${toasted('x')})`,
      "UPDATE wide SET spend = 2 WHERE id = 'a'",
      "UPDATE wide SET id = 'b' WHERE id = 'a'",
      `UPDATE wide SET doc = NULL WHERE id = 'b'`,
    ],
  },
  {
    name: 'key change',
    statements: [
      "INSERT INTO member VALUES ('t', 'p', 1)",
      "UPDATE member SET spend = 2 WHERE team = 't'",
      "UPDATE member SET team = 't', person = 'p' WHERE team = 't'",
      "UPDATE member SET person = 'q' WHERE team = 't'",
      "DELETE FROM member WHERE person = 'q'",
    ],
  },
  {
    name: 'full identity',
    statements: [
      "INSERT INTO whole VALUES (1, 'one', repeat('y', 9000)), (2, NULL, NULL)",
      "UPDATE whole SET name = 'uno' WHERE id = 1",
      'UPDATE whole SET name = name WHERE id = 1',
      "UPDATE whole SET name = 'two' WHERE id = 2",
      'DELETE FROM whole WHERE id = 2',
    ],
  },
  { name: 'truncate', statements: ['TRUNCATE other_one', 'TRUNCATE other_one, other_two'] },
  {
    name: 'partitions',
    statements: [
      `INSERT INTO "LiteLLM_SpendLogs" VALUES ('r1', '2026-01-01 10:00', 0.5), ('r2', '2027-01-01 10:00', 0.25)`,
      `UPDATE "LiteLLM_SpendLogs" SET spend = 1 WHERE request_id = 'r1'`,
      `UPDATE "LiteLLM_SpendLogs" SET "startTime" = '2026-01-01 11:00' WHERE request_id = 'r2'`,
      `DELETE FROM "LiteLLM_SpendLogs" WHERE request_id = 'r1'`,
      'TRUNCATE "LiteLLM_SpendLogs_pdefault"',
      'TRUNCATE "LiteLLM_SpendLogs"',
    ],
  },
  {
    name: 'a new partition',
    statements: [
      `CREATE TABLE "LiteLLM_SpendLogs_p20260105" PARTITION OF "LiteLLM_SpendLogs" FOR VALUES FROM ('2026-01-05') TO ('2026-01-06')`,
      `INSERT INTO "LiteLLM_SpendLogs" VALUES ('r5', '2026-01-05 10:00', 5)`,
    ],
  },
  {
    name: 'a new column',
    statements: [
      'INSERT INTO grows VALUES (1)',
      'ALTER TABLE grows ADD COLUMN more bigint DEFAULT 7',
      'INSERT INTO grows VALUES (2, 8)',
      'ALTER TABLE grows DROP COLUMN more',
      'INSERT INTO grows VALUES (3)',
    ],
  },
  {
    name: 'messages',
    statements: [
      "SELECT pg_logical_emit_message(false, 'outside', 'héllo')",
      "BEGIN; INSERT INTO other_one VALUES (90); SELECT pg_logical_emit_message(true, 'inside', ''); COMMIT",
      "SELECT pg_logical_emit_message(true, 'alone', '{}')",
    ],
  },
  {
    name: 'one transaction over several tables',
    statements: [
      "BEGIN; INSERT INTO other_one VALUES (1); INSERT INTO other_two VALUES (1); UPDATE member SET spend = 0; INSERT INTO member VALUES ('x', 'y', 1); COMMIT",
      'BEGIN; INSERT INTO other_one VALUES (2); ROLLBACK',
      'BEGIN; SAVEPOINT s; INSERT INTO other_one VALUES (3); ROLLBACK TO s; INSERT INTO other_one VALUES (4); COMMIT',
    ],
  },
];
