import { type Bench, bench, inTurn } from '../framework/bench.js';
import { Backlog, type Drained, type Plugin } from './backlog.js';
import type { BacklogShape } from './write-backlog.js';

const described = ({ rows, rowsPerTransaction }: BacklogShape): string =>
  `${rows.toLocaleString('en-US')} rows in transactions of ${rowsPerTransaction}, stored in Redis`;

const sizes = {
  small: { rows: 150_000, rowsPerTransaction: 100 },
  target: { rows: 500_000, rowsPerTransaction: 100 },
} as const;

const notes = `Both drain the same backlog, each from a copy of the same slot (\`pg_copy_logical_replication_slot\`), and ask the plugin for
the same options, as the server's log has them. Time runs from START_REPLICATION in that log until pg_recvlogical ends at the last commit,
and until that commit is stored in Redis. The rows are the simulator's, repeated inside the server with other ids and times.`;

interface CatchUp {
  readonly name: string;
  readonly plugin: Plugin;
  readonly title: string;
  readonly ours: string;
  readonly share: number;
  readonly shortfall: string;
}

function catchUp({ name, plugin, title, ours, share, shortfall }: CatchUp): Bench {
  return bench<BacklogShape>({
    ...{ name, title, ours, sizes, notes, shortfall, describe: described },
    peer: '`pg_recvlogical` draining the same backlog to /dev/null',
    target: `≥ ${share.toFixed(2)} of its rate`,
    figures: [
      { name: 'rate', unit: 'rows/s', better: 'more', target: { of: 'ratio', atLeast: share } },
      { name: 'processor', unit: 'µs a row', better: 'less', target: null },
    ],
    prepare: async ({ shape, say, version }) => {
      const backlog = await Backlog.open({ ...shape, plugins: [plugin] });
      for (const [program, number] of backlog.versions) version(program, number);
      say('the backlog is written');
      let drained: Drained | null = null;
      return {
        round: async (index) => {
          const rate = await inTurn(
            index,
            async () => {
              drained = await backlog.byExporter(plugin);
              return drained.rowsPerSecond;
            },
            () => backlog.byRecvlogical(plugin),
          );
          return { rate, processor: { ours: drained?.microsecondsPerRow ?? Number.NaN } };
        },
        [Symbol.asyncDispose]: () => backlog[Symbol.asyncDispose](),
      };
    },
  });
}

/** Catch-up by wal2json beside the fastest thing that can read it. */
export const catchUpWal2json = catchUp({
  name: 'catch-up-wal2json',
  plugin: 'wal2json',
  title: 'Catch-up, wal2json',
  ours: 'the exporter taking a backlog in by wal2json, state in Redis',
  share: 0.9,
  shortfall: '',
});

/** Catch-up by pgoutput with the exporter's column list. */
export const catchUpPgoutput = catchUp({
  name: 'catch-up-pgoutput',
  plugin: 'pgoutput',
  title: 'Catch-up, pgoutput with column list',
  ours: 'the exporter taking a backlog in by pgoutput with its column list, state in Redis',
  share: 0.7,
  shortfall: '',
});
