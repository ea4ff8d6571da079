import { awaitUntil } from '../../support/await-until.js';
import type { Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import { terminate } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

/**
 * Takes wal2json away as an administrator or a minor release does, and resolves with how: by the list of allowed plugins where the
 * server has one (since August 2026), else by a library path on which it is not found.
 */
async function refuseWal2json(world: World): Promise<string> {
  const settings = await world.query(`SELECT FROM pg_settings WHERE name = 'output_plugin_libraries'`);
  const listed = settings.length > 0;
  const change = listed
    ? `ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding'`
    : `ALTER SYSTEM SET dynamic_library_path = '/nowhere'`;
  await world.query(change);
  await world.query('SELECT pg_reload_conf()');
  return listed ? 'output_plugin_libraries no longer names wal2json' : 'the library of wal2json was not to be found';
}

async function allowWal2json(world: World): Promise<void> {
  const settings = await world.query(`SELECT FROM pg_settings WHERE name = 'output_plugin_libraries'`);
  await world.query(
    settings.length > 0
      ? `ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'`
      : `ALTER SYSTEM RESET dynamic_library_path`,
  );
  await world.query('SELECT pg_reload_conf()');
}

/** What happens to the plugin of a slot that exists. */
export const pluginFaults: readonly Scenario[] = [
  {
    name: 'plugin-refused',
    fault:
      'wal2json can no longer be used on the server, as after a minor release; allowed again while the exporter tries',
    form: 'full',
    needs: { plugin: 'wal2json', rate: 30 },
    // What only an operator mends is tried every 30 s.
    within: 45,
    run: async (world) => {
      await world.traffic.more(30);
      const how = await refuseWal2json(world);
      const lines = first(world).process.logs.length;
      await terminate(world, 'walsender');
      await first(world).awaitLine(/wal2json/, { after: lines });
      const remedy = () =>
        first(world)
          .process.logs.slice(lines)
          .some((line) => /output_plugin_libraries|install/.test(line));
      await awaitUntil(remedy, { timeout: PATIENCE, what: 'a remedy in the log' });
      await world.traffic.more(30);
      await allowWal2json(world);
      const since = performance.now();
      return { recovery: await world.recovered(since), note: `${how}; the log said so, with the remedy` };
    },
  },
];
