import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { awaitUntil } from '../../support/await-until.js';
import type { RedisServer } from '../../support/redis-server.js';
import { askRedis } from './ask-redis.js';
import { copyDirectory } from './copy-directory.js';
import { PATIENCE } from './patience.js';

const files = 'appendonlydir';
const copied = 'copy-of-appendonlydir';

/** Copies the append-only files as they are on disk at this moment. */
export function copyFiles(redis: RedisServer): void {
  copyDirectory(join(redis.directory, files), join(redis.directory, copied));
}

/** Kills Redis, puts the files of {@link copyFiles} in place of its own, and starts it again. */
export async function restoreFiles(redis: RedisServer): Promise<void> {
  await redis.stop('SIGKILL');
  copyDirectory(join(redis.directory, copied), join(redis.directory, files));
  await redis.restart();
}

/** Kills Redis and starts it with nothing. */
export async function loseFiles(redis: RedisServer): Promise<void> {
  await redis.stop('SIGKILL');
  rmSync(join(redis.directory, files), { recursive: true });
  await redis.restart();
}

/** Waits until the replica has everything that its master has written. */
export async function synced(master: RedisServer, replica: RedisServer): Promise<void> {
  await awaitUntil(
    async () => {
      const [one, other] = await Promise.all(
        [master, replica].map((server) => askRedis(server, (it) => it.info('replication'))),
      );
      const offset = (info = ''): string | undefined => /master_repl_offset:(\d+)/.exec(info)?.[1];
      return /master_link_status:up/.test(other ?? '') && offset(one) === offset(other);
    },
    { timeout: PATIENCE, interval: 10, what: 'a replica that has everything' },
  );
}

/** From now on the replica is a master of its own. */
export async function promoteReplica(replica: RedisServer): Promise<void> {
  await askRedis(replica, (client) => client.call('REPLICAOF', 'NO', 'ONE'));
}
