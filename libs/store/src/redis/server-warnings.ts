import { isFailure } from '@app/change';
import type { RedisConnection } from './redis-connection.js';

/**
 * What of a server's settings endangers the state; nothing where it does not let itself be asked.
 *
 * @throws ExporterFailure `store-unavailable`
 */
export async function serverWarnings(connection: RedisConnection): Promise<string[]> {
  try {
    const answer = await connection.run(
      async (client) => `${await client.info('memory')}${await client.info('persistence')}`,
    );
    return warningsOf(answer);
  } catch (error) {
    if (isFailure(error, 'store-refused')) return [];
    throw error;
  }
}

/** Reads the answers of INFO; see {@link serverWarnings}. */
export function warningsOf(info: string): string[] {
  const fields = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string | undefined]));
  const warnings: string[] = [];
  const policy = fields.get('maxmemory_policy');
  if (Number(fields.get('maxmemory') ?? 0) > 0 && policy !== undefined && policy !== 'noeviction') {
    warnings.push(`Redis may evict parts of the state: set its maxmemory-policy to noeviction instead of ${policy}`);
  }
  if (fields.get('aof_enabled') === '0') {
    warnings.push('Redis keeps no append-only file: after a crash of it the state is seeded anew; set appendonly yes');
  }
  return warnings;
}
