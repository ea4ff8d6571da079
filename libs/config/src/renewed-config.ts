import { ConfigInvalid, type ExporterConfig, type RedisConfig } from './config.js';
import { type Environment, type ReadFile, readText } from './environment.js';
import { loadConfig } from './load-config.js';

/** What stands on the way to a config that is read again. */
export interface RenewalSource {
  readonly env: Environment;
  /** Hears, once for each new trouble, that files can't be used and what was read before is. */
  readonly warn: (message: string) => void;
  readonly readFile?: ReadFile;
}

/**
 * The config with secrets and certificates as their files have them now, for who opens a connection: a rotated password
 * is used without a restart. What a stored state is known by (database, schema, slot, keys) stays as it was at the start.
 */
export class RenewedConfig {
  readonly #source: RenewalSource;
  readonly #started: ExporterConfig;
  #current: ExporterConfig;
  #trouble: string | null = null;

  constructor(started: ExporterConfig, source: RenewalSource) {
    this.#started = started;
    this.#current = started;
    this.#source = source;
  }

  /** Reads the files again. Where one is missing or wrong, what was read last is given. Never throws. */
  read(): ExporterConfig {
    const { env, readFile = readText } = this.#source;
    try {
      const fresh = loadConfig(env, readFile);
      this.#current = this.#withIdentity(fresh);
      this.#tell(isSamePlace(this.#started, fresh) ? null : 'DATABASE_URL names another database or schema');
    } catch (error) {
      if (!(error instanceof ConfigInvalid)) throw error;
      this.#tell(error.problems.join('; '));
    }
    return this.#current;
  }

  #withIdentity(fresh: ExporterConfig): ExporterConfig {
    const { database, redis } = this.#started;
    const { name, schema } = database;
    return {
      ...this.#started,
      database: { ...fresh.database, name, schema },
      redis: redis === null || fresh.redis === null ? redis : renewedRedis(redis, fresh.redis),
    };
  }

  #tell(trouble: string | null): void {
    if (trouble !== null && trouble !== this.#trouble) {
      this.#source.warn(`read again, files of settings can't be used, what was read before is: ${trouble}`);
    }
    this.#trouble = trouble;
  }
}

function isSamePlace(one: ExporterConfig, other: ExporterConfig): boolean {
  return one.database.name === other.database.name && one.database.schema === other.database.schema;
}

function renewedRedis(started: RedisConfig, fresh: RedisConfig): RedisConfig {
  const { url, tlsCa, tlsCert, tlsKey, sentinels } = fresh;
  return { ...started, url, tlsCa, tlsCert, tlsKey, sentinels };
}
