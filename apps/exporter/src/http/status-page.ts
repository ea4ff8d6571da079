import type { RecordedState, StateStore } from '@app/aggregates';
import { formatLsn } from '@app/change';
import { BUILD_FACTS } from '../build-facts.js';
import { whyNoState, whyNotOurs } from '../report/state-owner.js';
import type { Status, StatusBoard } from '../report/status-board.js';
import { bytesInWords, countInWords, durationInWords } from './in-words.js';
import { ageOf } from './state-age.js';

/** What `/status.json` says, and the page shows. Holds no secret and no id of a key, user or team. */
export interface StatusReport {
  readonly version: string;
  readonly phase: Status['phase'];
  /** Seconds in this phase. */
  readonly phaseSeconds: number;
  readonly failure: string | null;
  /** What the start waits for, for how many seconds, and what ends that; null where it waits for nobody. */
  readonly waitsFor: { readonly what: string; readonly remedy: string; readonly seconds: number } | null;
  readonly seed: Status['seed'];
  readonly seedReason: string | null;
  readonly store: 'memory' | 'redis';
  readonly checkpoint: { readonly next: string; readonly slot: string; readonly plugin: string } | null;
  readonly state: Readonly<Record<string, number | string | null>> | null;
  /** What this replica saw of the slot last; null where there is none, or PostgreSQL does not answer. */
  readonly slotFigures: Status['slot'];
}

/** When a report was asked for, and what is known of the store then. */
export interface StatusMoment {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Why what is in memory may be older than what is stored; null where it is not. */
  readonly outdated: string | null;
}

/** Puts the report together. Pure but for the clock that is handed in. */
export function statusReport(board: StatusBoard, store: StateStore, { now, outdated }: StatusMoment): StatusReport {
  const { phase, since, failure, waitsFor, seed, seedReason, slot } = board.status;
  const foreign = whyNotOurs(store, board.status);
  const { checkpoint, state } = foreign === null ? store : { checkpoint: null, state: null };
  return {
    version: BUILD_FACTS.version,
    phase,
    phaseSeconds: Math.round((now - since) / 1000),
    failure: foreign ?? failure ?? outdated ?? (phase === 'following' ? whyNoState(store, board.status) : null),
    waitsFor: waitsFor === null ? null : waitFacts(waitsFor, now),
    seed,
    seedReason,
    store: store.durability === 'process' ? 'memory' : 'redis',
    checkpoint:
      checkpoint === null
        ? null
        : { next: formatLsn(checkpoint.next), slot: checkpoint.slot, plugin: checkpoint.plugin },
    state: state === null ? null : stateFacts(state, now),
    slotFigures: slot,
  };
}

function waitFacts({ what, remedy, since }: NonNullable<Status['waitsFor']>, now: number) {
  return { what, remedy, seconds: Math.round((now - since) / 1000) };
}

function stateFacts(state: RecordedState, now: number): Readonly<Record<string, number | string | null>> {
  return {
    version: state.version,
    ageSeconds: Math.round(ageOf(state, now) / 1000),
    keys: state.entities.count('key'),
    teams: state.entities.count('team'),
    users: state.entities.count('user'),
    lagBytes: state.figure('replication_lag_bytes') ?? null,
    lagSeconds: state.figure('replication_lag_seconds') ?? null,
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

function row(name: string, value: unknown): string {
  return value === null || value === undefined ? '' : `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`;
}

/** Figures of the state: what they are called on the page, and how they are put. */
const FACTS: Readonly<Record<string, readonly [name: string, inWords: (value: number) => string]>> = {
  version: ['Version of the state', countInWords],
  ageSeconds: ['Age of the state', durationInWords],
  keys: ['Keys', countInWords],
  teams: ['Teams', countInWords],
  users: ['Users', countInWords],
  lagBytes: ['Lag behind PostgreSQL', bytesInWords],
  lagSeconds: ['Lag end to end', (seconds) => `${seconds.toFixed(3)} s`],
};

function factRow([name, value]: readonly [string, number | string | null]): string {
  const [title, inWords] = FACTS[name] ?? [name, String];
  return row(title, typeof value === 'number' ? inWords(value) : value);
}

function waitRow({ waitsFor }: StatusReport): string {
  if (waitsFor === null) return '';
  return row(`Waits for ${durationInWords(waitsFor.seconds)}`, `${waitsFor.what}\n  remedy: ${waitsFor.remedy}`);
}

function seedRows({ seed, seedReason }: StatusReport): string[] {
  if (seed === null) return [];
  const running = seed.share < 1;
  const progress = `${(100 * seed.share).toFixed(1)} %, ${countInWords(seed.rows)} rows (${seedReason})`;
  const eta = running && seed.etaSeconds !== null ? durationInWords(Math.ceil(seed.etaSeconds)) : null;
  return [row(running ? 'Seed' : 'Last seed', progress), row('Seed ends in about', eta)];
}

function slotRows({ slotFigures: slot }: StatusReport): string[] {
  if (slot === null) return [];
  const bytes = (count: number | null): string | null => (count === null ? null : bytesInWords(count));
  const limit = slot.limit > 0 ? `, and dropped beyond ${bytesInWords(slot.limit)} of ours` : '';
  return [
    row('State of the slot', slot.status),
    row('Log retained by the slot', slot.retained === null ? null : `${bytesInWords(slot.retained)}${limit}`),
    row('Of that not confirmed by us', bytes(slot.confirmedLag)),
    row('Left until the slot is lost', bytes(slot.safe)),
  ];
}

function rowsOf(report: StatusReport): string {
  const { checkpoint, state, failure } = report;
  return [
    row('Version', report.version),
    row('Phase', `${report.phase} for ${durationInWords(report.phaseSeconds)}`),
    failure === null ? '' : `<tr class="failure"><th>Last failure</th><td>${escaped(failure)}</td></tr>`,
    waitRow(report),
    ...seedRows(report),
    row('Store', report.store === 'memory' ? 'memory of this process' : 'Redis'),
    row('Slot', checkpoint === null ? null : `${checkpoint.slot} (${checkpoint.plugin})`),
    row('Checkpoint', checkpoint?.next),
    ...slotRows(report),
    ...Object.entries(state ?? {}).map(factRow),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

const STYLE = `body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 48rem; padding: 0 1rem; color: #1c2024; background: #fff }
h1 { font-size: 1.5rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #d8dce0; padding: 0.35rem 0.5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { width: 14rem; font-weight: 600 }
td { white-space: pre-wrap }
.failure th { border-left: 0.25rem solid #c62828 }
.failure td { font: 0.875rem/1.5 ui-monospace, monospace }
@media (max-width: 36rem) { th, td { display: block; width: auto } th { border-bottom: 0; padding-bottom: 0 } td { padding-top: 0 } .failure td { border-left: 0.25rem solid #c62828 } }
@media (prefers-color-scheme: dark) { body { color: #e6e8ea; background: #16181b } th, td { border-color: #33373c } .failure th, .failure td { border-left-color: #ef5350 } a { color: #7cb7ff } }`;

/** The report as a page that needs no script, and reloads by itself. */
export function statusPage(report: StatusReport, metricsPath: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>litellm-exporter: ${escaped(report.phase)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<h1>litellm-exporter</h1>
<p><a href="${escaped(metricsPath)}">Metrics</a> · <a href="/status.json">Status as JSON</a> · <a href="/readyz">Ready?</a> · <a href="/livez">Alive?</a></p>
<table>
${rowsOf(report)}
</table>
</body>
</html>
`;
}
