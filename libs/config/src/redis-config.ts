import type { RedisConfig, SentinelConfig } from './config.js';
import { pemFileOf, type Sources } from './database-config.js';
import { type Environment, isServiceLink, sourceOf } from './environment.js';
import { asksForTls, databaseOf, problemOfRedisUrl } from './redis-url.js';
import { SETTINGS } from './settings.js';

/** Stands for the URL where Sentinels alone say where Redis is. */
const SENTINELS_URL = 'redis://sentinels';

/** Which Redis keeps the state; null where none does. */
export function redisConfigOf(sources: Sources, database: string): RedisConfig | null {
  const { values, findings, env, isSet } = sources;
  const sentinels = sentinelConfigOf(sources);
  const tls = redisTlsOf(sources);
  const cluster = values.REDIS_CLUSTER ?? false;
  const url = values.REDIS_URL;
  if (!isSet('REDIS_URL')) {
    for (const name of TLS_SETTINGS.filter(isSet)) findings.problems.push(`${name} is set without REDIS_URL`);
    if (cluster) findings.problems.push('REDIS_CLUSTER is set without REDIS_URL, which names a node of the cluster');
  }
  if (cluster && sentinels !== null) {
    findings.problems.push('REDIS_CLUSTER and REDIS_SENTINELS are both set: keep one of them');
  }
  if (url === null && sentinels === null) {
    findings.warnings.push(...unreadNames(env));
    return null;
  }
  const problem = url === null ? null : problemOfRedisUrl(url);
  if (problem !== null) {
    findings.problems.push(`${sourceOf('REDIS_URL', env)}: ${problem}; expected ${SETTINGS.REDIS_URL.accepted}`);
  } else if (url !== null) {
    for (const name of asksForTls(url) ? [] : TLS_SETTINGS.filter(isSet)) {
      findings.problems.push(`${name} is set, but REDIS_URL does not begin with rediss://`);
    }
    if (cluster && databaseOf(url) !== 0) {
      findings.problems.push('REDIS_URL names a database by number, but a cluster (REDIS_CLUSTER) has only number 0');
    }
  }
  const keyPrefix = values.REDIS_KEY_PREFIX ?? `litellm_exporter:${database.replace(/[\s{}\p{Cc}]/gu, '_')}`;
  return { url: url ?? SENTINELS_URL, keyPrefix, ...tls, sentinels, cluster };
}

/** LiteLLM's own way to name its Redis, which somebody who shares its environment may take for ours. */
function unreadNames(env: Environment): string[] {
  const filled = (name: string): boolean => (env[name] ?? '') !== '' && !isServiceLink(name, env[name] ?? '');
  const names = ['REDIS_HOST', 'REDIS_PORT'].filter(filled);
  if (names.length === 0) return [];
  const subject =
    names.length === 1 ? `${names[0]} is LiteLLM's and is` : `${names.join(' and ')} are LiteLLM's and are`;
  return [`${subject} not read here: without REDIS_URL the state is in memory`];
}

const TLS_SETTINGS = ['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY'] as const;

function redisTlsOf(sources: Sources): Pick<RedisConfig, 'tlsCa' | 'tlsCert' | 'tlsKey'> {
  const { values, findings, isSet } = sources;
  if (isSet('REDIS_TLS_CERT') !== isSet('REDIS_TLS_KEY')) {
    findings.problems.push('REDIS_TLS_CERT and REDIS_TLS_KEY belong together: one of them is missing');
  }
  return {
    tlsCa: pemFileOf(sources, 'REDIS_TLS_CA', values.REDIS_TLS_CA),
    tlsCert: pemFileOf(sources, 'REDIS_TLS_CERT', values.REDIS_TLS_CERT),
    tlsKey: pemFileOf(sources, 'REDIS_TLS_KEY', values.REDIS_TLS_KEY),
  };
}

/** The password alone is no mistake: LiteLLM has a variable of that name too. */
function sentinelConfigOf({ values, findings, isSet }: Sources): SentinelConfig | null {
  const { REDIS_SENTINELS: addresses, REDIS_SENTINEL_NAME: name, REDIS_SENTINEL_PASSWORD: password } = values;
  if (isSet('REDIS_SENTINELS') !== isSet('REDIS_SENTINEL_NAME')) {
    const [set, missing] = isSet('REDIS_SENTINELS')
      ? ['REDIS_SENTINELS', 'REDIS_SENTINEL_NAME']
      : ['REDIS_SENTINEL_NAME', 'REDIS_SENTINELS'];
    findings.problems.push(`${set} is set without ${missing}`);
  }
  return addresses === null || name === null ? null : { name, addresses, password };
}
