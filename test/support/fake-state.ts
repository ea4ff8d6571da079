import {
  type AggregateSettings,
  type CounterKind,
  type CounterView,
  type FigureName,
  type HistogramKind,
  type HistogramView,
  type RecordedState,
  type SeriesKind,
  type WindowName,
  windowSpecs,
} from '@app/aggregates';
import {
  type BudgetEntity,
  type EndUserEntity,
  type Entity,
  type EntityTable,
  entityKey,
  isUiKey,
  type KeyEntity,
  type ModelEntity,
  type OrganizationEntity,
  type ProjectEntity,
  type TagEntity,
  type TeamEntity,
  type TeamMemberEntity,
  type UserEntity,
} from '@app/litellm';

/** One windowed series of a fake state: its key, its rows, and its sums in the order of its kind. */
export type FakeSeries = readonly [key: readonly string[], rows: number, ...sums: number[]];

/** What a fake state says; everything else is empty. */
export interface FakeStateParts {
  readonly version?: number;
  /** Milliseconds since the Unix epoch; 2026-11-01T12:00:00Z without one. */
  readonly clock?: number;
  readonly entities?: readonly Entity[];
  readonly absent?: readonly EntityTable[];
  readonly replaced?: Readonly<Record<string, string>>;
  readonly series?: Readonly<Partial<Record<SeriesKind, readonly FakeSeries[]>>>;
  readonly counters?: Readonly<Partial<Record<CounterKind, readonly CounterView[]>>>;
  readonly histograms?: Readonly<Partial<Record<HistogramKind, readonly HistogramView[]>>>;
  readonly folded?: Readonly<Partial<Record<CounterKind | HistogramKind, number>>>;
  readonly figures?: Readonly<Partial<Record<FigureName, number | string>>>;
}

/** The now of a fake state without a clock of its own: 2026-11-01T12:00:00Z. */
export const FAKE_CLOCK = Date.UTC(2026, 10, 1, 12);

const FAKE_SETTINGS: AggregateSettings = {
  windows: { spend: 30 * 86_400_000, request: 86_400_000, error: 3_600_000 },
  durationBuckets: [0.5, 1, 10],
  ttftBuckets: [0.25, 2],
  tagExclude: null,
  rowMaxAge: 86_400_000,
  maxSeries: 0,
};
const WINDOWS = windowSpecs(FAKE_SETTINGS);

/** A state for specs that says what it is told to, and counts who holds it. */
export class FakeState implements RecordedState {
  readonly settings = FAKE_SETTINGS;
  readonly durationBuckets = FAKE_SETTINGS.durationBuckets;
  readonly ttftBuckets = FAKE_SETTINGS.ttftBuckets;
  readonly version: number;
  readonly clock: number;
  readonly entities: RecordedState['entities'];
  holders = 0;
  readonly #series = new Map<SeriesKind, readonly ReturnType<typeof seriesView>[]>();

  constructor(private readonly parts: FakeStateParts = {}) {
    this.version = parts.version ?? 1;
    this.clock = parts.clock ?? FAKE_CLOCK;
    this.entities = fakeEntities(parts);
    let id = 0;
    for (const [kind, all] of Object.entries(parts.series ?? {})) {
      const views = all.map((series) => {
        id += 1;
        return seriesView(id, series);
      });
      this.#series.set(kind as SeriesKind, views);
    }
  }

  window(name: WindowName) {
    const { length, bucket } = WINDOWS[name];
    return { name, length, bucket, edge: this.clock - length, covered: length };
  }

  series(kind: SeriesKind) {
    return this.#series.get(kind) ?? [];
  }

  counters(kind: CounterKind) {
    return this.parts.counters?.[kind] ?? [];
  }

  histograms(kind: HistogramKind) {
    return this.parts.histograms?.[kind] ?? [];
  }

  folded(kind: CounterKind | HistogramKind) {
    return this.parts.folded?.[kind] ?? 0;
  }

  figure(name: FigureName) {
    return this.parts.figures?.[name];
  }

  hold() {
    this.holders += 1;
    return () => {
      this.holders -= 1;
    };
  }

  readonly changing = null;

  change(): (whole: boolean) => void {
    throw new Error('a fake state does not change');
  }

  free(): Promise<void> {
    return Promise.resolve();
  }

  apply(): void {
    throw new Error('a fake state does not change');
  }

  dump() {
    return [];
  }
}

function seriesView(id: number, [key, rows, ...sums]: FakeSeries) {
  return { id, key, rows, sum: (place: number) => sums[place] ?? 0 };
}

function fakeEntities({ entities = [], absent = [], replaced = {} }: FakeStateParts): RecordedState['entities'] {
  const tables = new Map<string, Map<string, Entity>>();
  for (const entity of entities) {
    const table = tables.get(entity.table) ?? new Map<string, Entity>();
    tables.set(entity.table, table.set(entityKey(entity), entity));
  }
  const get = (table: string, key: string) => tables.get(table)?.get(key);
  const keys = [...(tables.get('key')?.values() ?? [])] as KeyEntity[];
  return {
    present: (table) => !absent.includes(table),
    all: (table) => (tables.get(table)?.values() ?? []) as never,
    count: (table) => tables.get(table)?.size ?? 0,
    get: (table, key) => get(table, key) as never,
    restrictedKeys: () => keys.filter((one) => !isUnrestricted(one)),
    unrestrictedKeysBy: (owner) => {
      const counts = new Map<string, number>();
      for (const one of keys) {
        const id = one[`${owner}Id`];
        if (isUnrestricted(one) && !isUiKey(one) && id !== '') counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    },
    keyOfToken: (token) => (get('key', token) ?? get('key', replaced[token] ?? '')) as KeyEntity | undefined,
  };
}

function isUnrestricted({ blocked, budgetId, models, ...one }: KeyEntity): boolean {
  const limits = [one.maxParallelRequests, one.tpmLimit, one.rpmLimit, one.maxBudget, one.budgetResetAt, one.expires];
  return !blocked && budgetId === '' && models.length === 0 && limits.every((limit) => limit === null);
}

const NO_LIMITS = { maxParallelRequests: null, tpmLimit: null, rpmLimit: null };
const NO_BUDGET = { maxBudget: null, budgetResetAt: null };

/** A key with nothing but its token. */
export function key(token: string, facts: Partial<KeyEntity> = {}): KeyEntity {
  const ids = { keyName: '', keyAlias: '', userId: '', teamId: '', organizationId: '', budgetId: '' };
  const rest = { models: [], spend: 0, expires: null, blocked: false };
  return { table: 'key', token, ...ids, ...NO_LIMITS, ...NO_BUDGET, ...rest, ...facts };
}

/** A team with nothing but its id. */
export function team(teamId: string, facts: Partial<TeamEntity> = {}): TeamEntity {
  const people = { roleCounts: { members: 0, admins: 0 }, admins: [], members: [] };
  const rest = { teamAlias: '', organizationId: '', models: [], spend: 0, softBudget: null, blocked: false };
  return { table: 'team', teamId, ...NO_LIMITS, ...NO_BUDGET, ...people, ...rest, ...facts };
}

/** A user with nothing but an id. */
export function user(userId: string, facts: Partial<UserEntity> = {}): UserEntity {
  return { table: 'user', userId, userAlias: '', models: [], spend: 0, ...NO_LIMITS, ...NO_BUDGET, ...facts };
}

/** An organization with nothing but its id. */
export function organization(organizationId: string, facts: Partial<OrganizationEntity> = {}): OrganizationEntity {
  return { table: 'organization', organizationId, organizationAlias: '', budgetId: '', models: [], spend: 0, ...facts };
}

/** A budget row without limits. */
export function budget(budgetId: string, facts: Partial<BudgetEntity> = {}): BudgetEntity {
  return { table: 'budget', budgetId, softBudget: null, ...NO_LIMITS, ...NO_BUDGET, ...facts };
}

/** An end user without budget or block. */
export function endUser(userId: string, facts: Partial<EndUserEntity> = {}): EndUserEntity {
  return { table: 'end_user', userId, alias: '', spend: 0, budgetId: '', blocked: false, ...facts };
}

/** A member of a team. */
export function teamMember(teamId: string, userId: string, facts: Partial<TeamMemberEntity> = {}): TeamMemberEntity {
  return { table: 'team_member', teamId, userId, spend: 0, budgetId: '', ...facts };
}

/** A project with nothing but its id. */
export function project(projectId: string, facts: Partial<ProjectEntity> = {}): ProjectEntity {
  return { table: 'project', projectId, projectAlias: '', spend: 0, budgetId: '', blocked: false, ...facts };
}

/** A tag. */
export function tag(tagName: string, facts: Partial<TagEntity> = {}): TagEntity {
  return { table: 'tag', tagName, spend: 0, budgetId: '', ...facts };
}

/** A model of LiteLLM_ProxyModelTable. */
export function model(modelId: string, facts: Partial<ModelEntity> = {}): ModelEntity {
  return { table: 'model', modelId, modelName: '', baseModel: '', mode: '', ...facts };
}
