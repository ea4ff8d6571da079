import { readFileSync } from 'node:fs';
import type { Findings } from './findings.js';
import { nearMissOf } from './near-miss.js';
import { fileTwinOf, isSettingName, SETTING_NAMES, SETTINGS, type SettingName, settingOf } from './settings.js';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a text file whole. @throws Error when it can't. */
export type ReadFile = (path: string) => string;

/** Reads from the file system. */
export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** What kubelet sets for each Service of a namespace (Kubernetes documentation, "Discovering services"). */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;
const SERVICE_LINK_ADVICE = 'set enableServiceLinks: false in the pod to be rid of it';

/** The texts of the variables that are set, `_FILE` twins read, without what is not meant for us. */
export function readEnvironment(env: Environment, readFile: ReadFile, findings: Findings): Map<SettingName, string> {
  const texts = new Map<SettingName, string>();
  for (const name of SETTING_NAMES) {
    const text = textOf(name, env, readFile, findings);
    if (text !== null) texts.set(name, text);
  }
  refuseNearMisses(env, findings);
  return texts;
}

/** Where a value came from: `LITELLM_DB_PASSWORD` or `LITELLM_DB_PASSWORD_FILE`. */
export function sourceOf(name: SettingName, env: Environment): string {
  const twin = fileTwinOf(name);
  return twin !== null && isFilled(env[twin]) ? twin : name;
}

function isFilled(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function textOf(name: SettingName, env: Environment, readFile: ReadFile, findings: Findings): string | null {
  const direct = env[name];
  const twin = fileTwinOf(name);
  const path = twin === null ? undefined : env[twin];
  if (isFilled(path) && isFilled(direct)) {
    findings.problems.push(`${name} and ${twin} are both set: keep one of them`);
    return null;
  }
  if (isFilled(path)) return secretFrom(`${twin}`, path, readFile, findings);
  if (direct === undefined || (direct === '' && settingOf(name).emptyIsValue !== true)) return null;
  if (isServiceLink(name, direct)) {
    const fallback = SETTINGS[name].default ?? 'none';
    findings.warnings.push(
      `${name}=${direct.slice(0, 60)} was set by Kubernetes for a Service of that name: it is ignored, the default (${fallback}) applies; ${SERVICE_LINK_ADVICE}`,
    );
    return null;
  }
  return direct;
}

/** True for the variable that Kubernetes sets for a Service whose name and ours meet, like `METRICS_PORT=tcp://…`. */
export function isServiceLink(name: string, value: string): boolean {
  return name.endsWith('_PORT') && SERVICE_LINK_VALUE.test(value);
}

function secretFrom(variable: string, path: string, readFile: ReadFile, findings: Findings): string | null {
  try {
    const text = readFile(path).replace(/\r?\n$/, '');
    if (text !== '') return text;
    findings.problems.push(`${variable}: the file ${findings.quote(path)} is empty`);
  } catch (error) {
    findings.problems.push(`${variable}: the file ${findings.quote(path)} can't be read (${reasonOf(error)})`);
  }
  return null;
}

/** Why a file could not be read, in one word where the system has one. */
export function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown reason';
}

const OWN_START = /^(LITELLM_DB|METRICS|REPLICATION|TELEMETRY|STATE|REDIS)_/;

function refuseNearMisses(env: Environment, findings: Findings): void {
  const links: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || isSettingName(name)) continue;
    if (SERVICE_LINK.test(name) || isServiceLink(name, value)) {
      if (OWN_START.test(name)) links.push(name);
      continue;
    }
    const miss = nearMissOf(name, (other) => isFilled(env[other]));
    if (miss === null) continue;
    findings.problems.push(
      miss.noFileTwin
        ? `${name} is not a setting: only secrets can be read from a file; set ${miss.meant}`
        : `${name} is not a setting: did you mean ${miss.meant}?`,
    );
  }
  if (links.length > 0) {
    findings.warnings.push(`set by Kubernetes for Services, and ignored: ${links.join(', ')}; ${SERVICE_LINK_ADVICE}`);
  }
}
