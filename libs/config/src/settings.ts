import type { z } from 'zod';
import { databaseSettings } from './database-settings.js';
import { httpSettings, logSettings, metricsSettings } from './metrics-settings.js';
import type { Setting } from './setting.js';
import { replicationSettings, stateSettings } from './stream-settings.js';

/** Every setting there is, by the name of its environment variable, in the order of the documentation. */
export const SETTINGS = {
  ...databaseSettings,
  ...replicationSettings,
  ...stateSettings,
  ...metricsSettings,
  ...httpSettings,
  ...logSettings,
} as const;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** What the variables say: null where one is unset and has no default. */
export type SettingValues = {
  readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> | null;
};

/** All names, in order. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The facts of one setting, whatever its type. */
export function settingOf(name: SettingName): Setting {
  return SETTINGS[name];
}

/** True for the name of a setting. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** The variable that names a file with the value of `name`; null for what is no secret. */
export function fileTwinOf(name: SettingName): string | null {
  return SETTINGS[name].secret ? `${name}_FILE` : null;
}

/** One row of the documentation of the settings. */
export interface SettingRow {
  readonly name: SettingName;
  readonly group: Setting['group'];
  readonly fileTwin: string | null;
  readonly default: string | null;
  readonly defaultInWords: string | null;
  readonly accepted: string;
  readonly secret: boolean;
  readonly description: string;
}

/** The settings as rows for documentation and `--help`, in order. */
export function settingsTable(): readonly SettingRow[] {
  return SETTING_NAMES.map((name) => {
    const { group, default: text, defaultInWords = null, accepted, secret, description } = settingOf(name);
    return {
      name,
      group,
      fileTwin: fileTwinOf(name),
      default: text,
      defaultInWords,
      accepted,
      secret,
      description,
    };
  });
}
