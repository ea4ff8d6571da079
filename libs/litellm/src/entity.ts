/** Limits that LiteLLM enforces; null means no limit. */
export interface Limits {
  readonly maxParallelRequests: number | null;
  readonly tpmLimit: number | null;
  readonly rpmLimit: number | null;
}

/** A virtual key: `LiteLLM_VerificationToken`. */
export interface KeyEntity extends Limits {
  readonly table: 'key';
  /** SHA-256 of the key, in hexadecimal: the primary key. */
  readonly token: string;
  readonly keyName: string;
  readonly keyAlias: string;
  readonly userId: string;
  readonly teamId: string;
  readonly organizationId: string;
  readonly budgetId: string;
  readonly models: readonly string[];
  readonly spend: number;
  readonly maxBudget: number | null;
  /** Milliseconds since the Unix epoch, as every time here. */
  readonly budgetResetAt: number | null;
  readonly expires: number | null;
  readonly blocked: boolean;
}

/** The team of the short-lived keys that LiteLLM makes at a UI log-in. */
const UI_TEAM = 'litellm-dashboard';

/** True for a key of a UI log-in, which only the families of key spend count (METRICS.md, "UI log-ins"). */
export function isUiKey(key: KeyEntity): boolean {
  return key.teamId === UI_TEAM;
}

/** A team: `LiteLLM_TeamTable`. */
export interface TeamEntity extends Limits {
  readonly table: 'team';
  readonly teamId: string;
  readonly teamAlias: string;
  readonly organizationId: string;
  readonly models: readonly string[];
  readonly spend: number;
  readonly maxBudget: number | null;
  readonly softBudget: number | null;
  readonly budgetResetAt: number | null;
  readonly blocked: boolean;
  /** Entries of `members_with_roles`, and those with role `admin`; both 0 where it is empty. */
  readonly roleCounts: { readonly members: number; readonly admins: number };
  /** The legacy arrays, which count only where `members_with_roles` is empty. */
  readonly admins: readonly string[];
  readonly members: readonly string[];
}

/** An internal user: `LiteLLM_UserTable`. */
export interface UserEntity extends Limits {
  readonly table: 'user';
  readonly userId: string;
  readonly userAlias: string;
  readonly models: readonly string[];
  readonly spend: number;
  readonly maxBudget: number | null;
  readonly budgetResetAt: number | null;
}

/** An organization: `LiteLLM_OrganizationTable`. Its limits are in its budget row. */
export interface OrganizationEntity {
  readonly table: 'organization';
  readonly organizationId: string;
  readonly organizationAlias: string;
  readonly budgetId: string;
  readonly models: readonly string[];
  readonly spend: number;
}

/** A budget row that others point at: `LiteLLM_BudgetTable`. */
export interface BudgetEntity extends Limits {
  readonly table: 'budget';
  readonly budgetId: string;
  readonly maxBudget: number | null;
  readonly softBudget: number | null;
  readonly budgetResetAt: number | null;
}

/** A customer of a customer: `LiteLLM_EndUserTable`. */
export interface EndUserEntity {
  readonly table: 'end_user';
  readonly userId: string;
  readonly alias: string;
  readonly spend: number;
  readonly budgetId: string;
  readonly blocked: boolean;
}

/** A user's place in a team: `LiteLLM_TeamMembership`. */
export interface TeamMemberEntity {
  readonly table: 'team_member';
  readonly teamId: string;
  readonly userId: string;
  readonly spend: number;
  readonly budgetId: string;
}

/** A project: `LiteLLM_ProjectTable`. */
export interface ProjectEntity {
  readonly table: 'project';
  readonly projectId: string;
  readonly projectAlias: string;
  readonly spend: number;
  readonly budgetId: string;
  readonly blocked: boolean;
}

/** A tag with a budget: `LiteLLM_TagTable`. */
export interface TagEntity {
  readonly table: 'tag';
  readonly tagName: string;
  readonly spend: number;
  readonly budgetId: string;
}

/** A model added through UI or API: `LiteLLM_ProxyModelTable`. Nothing of `litellm_params` is ever read. */
export interface ModelEntity {
  readonly table: 'model';
  readonly modelId: string;
  readonly modelName: string;
  readonly baseModel: string;
  readonly mode: string;
}

/** A rotated key's old token: `LiteLLM_DeprecatedVerificationToken`. */
export interface DeprecatedKeyEntity {
  readonly table: 'deprecated_key';
  /** Primary key of the row. */
  readonly id: string;
  readonly token: string;
  readonly activeTokenId: string;
}

/** Every entity row this exporter keeps. */
export type Entity =
  | KeyEntity
  | TeamEntity
  | UserEntity
  | OrganizationEntity
  | BudgetEntity
  | EndUserEntity
  | TeamMemberEntity
  | ProjectEntity
  | TagEntity
  | ModelEntity
  | DeprecatedKeyEntity;

/** Our name of an entity table. */
export type EntityTable = Entity['table'];

/** The entity type of a table's name. */
export type EntityOf<T extends EntityTable> = Extract<Entity, { readonly table: T }>;

/** Separates the parts of a composite primary key; no LiteLLM id contains it. */
export const KEY_SEPARATOR = '\u0000';

/** The primary key of an entity as one text. */
export function entityKey(entity: Entity): string {
  switch (entity.table) {
    case 'key':
      return entity.token;
    case 'team':
      return entity.teamId;
    case 'user':
    case 'end_user':
      return entity.userId;
    case 'organization':
      return entity.organizationId;
    case 'budget':
      return entity.budgetId;
    case 'team_member':
      return `${entity.teamId}${KEY_SEPARATOR}${entity.userId}`;
    case 'project':
      return entity.projectId;
    case 'tag':
      return entity.tagName;
    case 'model':
      return entity.modelId;
    case 'deprecated_key':
      return entity.id;
  }
}
