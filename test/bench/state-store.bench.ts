/**
 * What state costs in Redis, on the Redis of TEST_REDIS_URL or one of its own: bytes per (bucket, series) pair, time of
 * a seed's writing, of a load, of a step and of a fold: `node scripts/run-typescript.mjs test/bench/state-store.bench.ts [pairs]`.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  type AggregateSettings,
  AggregateState,
  edgeOf,
  emptyRecord,
  type PairValue,
  SERIES_KINDS,
  type SeriesDefinition,
  type SeriesKind,
  type StateRecord,
  windowSpecs,
} from '@app/aggregates';
import { lsnOf } from '@app/change';
import { RedisStateStore } from '@app/store';
import { Redis } from 'ioredis';
import { startRedis } from '../support/redis-server.js';

const DAY = 86_400_000;
const PAIRS = Number(process.argv[3] ?? process.env.PAIRS ?? 500_000);
const STEPS = 200;
const STEP_PAIRS = 500;
const CLOCK = Date.UTC(2026, 10, 15, 12);
const SETTINGS: AggregateSettings = {
  windows: { spend: 30 * DAY, request: DAY, error: DAY / 24 },
  durationBuckets: [0.1, 1, 10],
  ttftBuckets: [0.1, 1],
  tagExclude: null,
  rowMaxAge: DAY,
  maxSeries: 100_000,
};

/** 120,000 series in the proportions of a large deployment. */
const SERIES: Readonly<Partial<Record<SeriesKind, number>>> = {
  spend_by_user: 50_000,
  spend_by_team: 10_000,
  spend_by_tag: 5_000,
  spend_by_key: 20_000,
  spend_by_model: 200,
  model_group: 200,
  traffic_model: 400,
  requests: 400,
  cache: 400,
  errors: 1_000,
  rate_by_user: 15_000,
  rate_by_team: 2_400,
  rate_by_key: 15_000,
};

function keyOf(kind: SeriesKind, at: number): string[] {
  return SERIES_KINDS[kind].key.map((part) => {
    if (part === 'api_key') return createHash('sha256').update(`${kind} ${at}`).digest('hex');
    if (part === 'team' || part === 'user') return randomUUID();
    if (part === 'organization') return '';
    return `provider/${part}-${at % 400}`;
  });
}

function pairOf(kind: SeriesKind, id: number, bucket: number): PairValue {
  const rows = 1 + Math.floor(Math.random() * 40);
  const money = Math.random() * 3;
  const sums = SERIES_KINDS[kind].sums.flatMap((sum) =>
    sum === 'spend' ? [money, money * 1e-17 * Math.random()] : [rows * 1_234, 0],
  );
  return [id, bucket, rows, ...sums];
}

function definitions(): SeriesDefinition[] {
  let id = 0;
  return (Object.entries(SERIES) as [SeriesKind, number][])
    .flatMap(([kind, count]) => Array.from({ length: count }, (_, at) => ({ kind, at })))
    .sort(() => Math.random() - 0.5)
    .map(({ kind, at }) => ({ id: ++id, kind, key: keyOf(kind, at) }));
}

function* pairRecords(defined: readonly SeriesDefinition[]): Iterable<StateRecord> {
  const specs = windowSpecs(SETTINGS);
  const each = PAIRS / defined.length;
  for (let at = 0; at < defined.length; at += 5_000) {
    const pairs: Partial<Record<SeriesKind, PairValue[]>> = {};
    for (const { id, kind } of defined.slice(at, at + 5_000)) {
      const spec = specs[SERIES_KINDS[kind].window];
      const buckets = Math.floor(spec.length / spec.bucket);
      const first = edgeOf(spec, CLOCK);
      const count = Math.min(buckets, Math.floor(each + Math.random()));
      pairs[kind] ??= [];
      for (let bucket = 0; bucket < count; bucket++) {
        const start = first + ((bucket + id) % buckets) * spec.bucket;
        pairs[kind].push(pairOf(kind, id, start));
      }
    }
    yield { ...emptyRecord(1, CLOCK), pairs };
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  process.stdout.write(`${what}: ${(performance.now() - started).toFixed(0)} ms\n`);
  return result;
}

async function usedMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

await using server = await startRedis();
const client = new Redis(server.url);
const options = {
  url: server.url,
  keyPrefix: 'litellm_exporter:bench',
  createState: (settings: AggregateSettings) => new AggregateState(settings),
  tuning: { foldInterval: 3_600_000 },
};
const store = new RedisStateStore(options);
const epoch = { lineage: '7000000000000000001/1', position: lsnOf(1n) };
const source = { systemId: '7000000000000000001', timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 1 };
const checkpoint = { source, slot: 's', plugin: 'wal2json' as const, next: lsnOf(1_000n), commitTime: CLOCK };

const state = new AggregateState(SETTINGS);
const defined = definitions();
state.apply({ ...emptyRecord(1, CLOCK), defined });
let pairs = 0;
for (const record of pairRecords(defined)) {
  state.apply(record);
  for (const values of Object.values(record.pairs)) pairs += values.length;
}
process.stdout.write(`${defined.length} series, ${pairs} pairs\n`);

await store.open();
await store.claim(epoch);
const empty = await usedMemory(client);
await timed('seed written', () => store.replace({ epoch, checkpoint, state }));
const bytes = (await usedMemory(client)) - empty;
process.stdout.write(`memory: ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / pairs).toFixed(1)} bytes per pair all-in\n`);
const names = (await client.keys('*:d:*')).slice(0, 200);
const named = await Promise.all(names.map((key) => client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')));
const average = named.reduce<number>((sum, size) => sum + Number(size), 0) / named.length / 256;
process.stdout.write(`names of series: about ${average.toFixed(1)} bytes each\n`);

const reader = new RedisStateStore(options);
await timed('loaded', () => reader.open());

await client.config('RESETSTAT');
const times: number[] = [];
const spec = windowSpecs(SETTINGS).S;
const spenders = defined.filter(({ kind }) => kind === 'spend_by_user');
let next = 1_000n;
for (let step = 1; step <= STEPS; step++) {
  const touched = Array.from({ length: STEP_PAIRS }, () => spenders[Math.floor(Math.random() * spenders.length)]);
  const values = touched.map((series) => pairOf('spend_by_user', series?.id ?? 1, edgeOf(spec, CLOCK) + spec.length));
  const record = { ...emptyRecord(1 + step, CLOCK), pairs: { spend_by_user: values } };
  const started = performance.now();
  await store.commit({ epoch, prev: lsnOf(next), checkpoint: { ...checkpoint, next: lsnOf(next + 100n) }, record });
  times.push(performance.now() - started);
  next += 100n;
}
times.sort((one, other) => one - other);
const at = (share: number): string => (times[Math.floor(times.length * share)] as number).toFixed(2);
process.stdout.write(`step of ${STEP_PAIRS} pairs: median ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms\n`);
await timed(`refresh over ${STEPS} steps`, () => reader.refresh());
await timed(`fold of ${STEPS} steps of ${STEP_PAIRS} pairs`, () => store.fold());
const commands = (await client.info('commandstats')).split('\r\n').filter((line) => /evalsha|eval:|xrange/.test(line));
process.stdout.write(`${commands.join('\n')}\n`);
await client.config('SET', 'slowlog-log-slower-than', '1000');
await Promise.all([store.close(), reader.close()]);
client.disconnect();
