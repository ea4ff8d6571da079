import { KEY_SEPARATOR, type KeyEntity } from '@app/litellm';

/** Labels by which a family names an entity (METRICS.md section 2). */
export const ENTITY_LABELS = ['entity_type', 'entity_id', 'entity_alias'] as const;

/** Labels by which a family names a key. */
export const KEY_LABELS = ['key_name', 'key_alias'] as const;

/** False for '', which stands for nothing like NULL does. */
export function isGiven(text: string): boolean {
  return text !== '';
}

/** An alias or name as a label; `none` where it is missing. */
export function orNone(text: string): string {
  return text === '' ? 'none' : text;
}

/** What `entity_alias` says of a key: its alias, else its name. */
export function keyEntityAlias(key: KeyEntity): string {
  return orNone(key.keyAlias === '' ? key.keyName : key.keyAlias);
}

/** `entity_id` of a team member: `team_id/user_id`, a `/` inside an id written `%2F`. */
export function teamMemberId(teamId: string, userId: string): string {
  return `${teamId.replaceAll('/', '%2F')}/${userId.replaceAll('/', '%2F')}`;
}

/** One text for several parts, for looking things up; no LiteLLM id contains the separator. */
export function joined(...parts: readonly string[]): string {
  return parts.join(KEY_SEPARATOR);
}
