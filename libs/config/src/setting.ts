import type { z } from 'zod';

/** The part of the exporter that a setting belongs to; also the order of the documentation. */
export const SETTING_GROUPS = ['PostgreSQL', 'Replication', 'State', 'Metrics', 'HTTP', 'Log'] as const;

/** The heading a setting stands under. */
export type SettingGroup = (typeof SETTING_GROUPS)[number];

/** One environment variable: all that code, messages and documentation need to know of it. */
export interface Setting<Schema extends z.ZodType<unknown, string> = z.ZodType<unknown, string>> {
  readonly group: SettingGroup;
  /** Turns the text of the variable into its value; its own messages are not shown, {@link accepted} is. */
  readonly schema: Schema;
  /** The text that an unset variable stands for; null where that means "none", or depends on others. */
  readonly default: string | null;
  /** What the documentation prints as default where {@link default} can't say it. */
  readonly defaultInWords?: string;
  /** What is accepted, as the end of the sentence "expected …". */
  readonly accepted: string;
  /** True where the value must never be printed; such a setting has a `_FILE` twin. */
  readonly secret: boolean;
  /** For the documentation: what it does, in one or two sentences. */
  readonly description: string;
  /** True where an empty text is a value of its own; everywhere else it is the same as an unset variable. */
  readonly emptyIsValue?: boolean;
}

/** Writes a setting down with its type kept. */
export function setting<Schema extends z.ZodType<unknown, string>>(facts: Setting<Schema>): Setting<Schema> {
  return facts;
}
