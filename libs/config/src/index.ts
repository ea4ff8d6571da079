export * from './config.js';
export { type Described, describeConfig, REDACTED } from './describe-config.js';
export { envVarsMarkdown } from './env-vars-markdown.js';
export type { Environment, ReadFile } from './environment.js';
export { formatDuration, parseDuration } from './forms.js';
export { loadConfig } from './load-config.js';
export { SETTING_GROUPS, type SettingGroup } from './setting.js';
export { isSettingName, type SettingName, type SettingRow, settingsTable } from './settings.js';
