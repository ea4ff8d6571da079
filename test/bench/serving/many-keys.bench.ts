import { bench, inTurn, type PreparedBench, type Round } from '../framework/bench.js';
import { LargeState, type StateShape } from './large-state.js';
import { heldBytes } from './memory.js';
import { processorTime } from './processor-time.js';
import { Scraper } from './scraper.js';

interface ManyKeys {
  readonly known: number;
  readonly active: number;
}

const OWNERS = { users: 400, teams: 100 } as const;
const SCRAPES = 3;

/** A scrape with many keys known of which few are active, against one that knows the active ones alone. */
export const manyKeysBench = bench<ManyKeys>({
  name: 'many-keys',
  title: 'A million known keys',
  ours: 'a scrape with gzip where many keys are known, none with limit or budget, and few are active; and what each known key takes of the memory',
  peer: 'the same where the active keys are all that is known',
  target: '≤ 1.5 × the time; ≤ 150 bytes a known key',
  figures: [
    { name: 'scrape', unit: 'ms', better: 'less', target: { of: 'ratio', atMost: 1.5 } },
    { name: 'a known key', unit: 'bytes', better: 'less', target: { of: 'ours', atMost: 150 }, guard: 'ours' },
  ],
  sizes: { small: { known: 100_000, active: 5_000 }, target: { known: 1_000_000, active: 20_000 } },
  describe: ({ known, active }) =>
    `${known.toLocaleString('en')} keys known, ${active.toLocaleString('en')} active, of ${OWNERS.users} users and ${OWNERS.teams} teams`,
  rounds: 7,
  warmUp: 3,
  prepare: async ({ shape, say }) => Scene.made(shape, say),
  notes: `Times are processor time of all threads. Names and aliases of keys differ from each other, ids of users and teams are shared.
A key with a limit, a budget or budget row, an expiry, a list of models or a block is kept as an object (some 700 bytes) and looked at in
every scrape; all others are packed, and an answer only counts them by owner.`,
});

class Scene implements PreparedBench {
  private constructor(
    private readonly few: LargeState,
    private readonly many: LargeState,
    private readonly bytesPerKey: number,
  ) {}

  readonly #scrapers = [new Scraper(), new Scraper()] as const;

  static async made({ known, active }: ManyKeys, say: (text: string) => void): Promise<Scene> {
    const shape = (keys: number): StateShape => ({ ...OWNERS, tags: 1_000, keys, active, busy: 100, buckets: 1 });
    const empty = await heldBytes();
    const few = new LargeState(shape(active));
    const withFew = await heldBytes();
    const many = new LargeState(shape(known));
    const bytesPerKey = ((await heldBytes()) - withFew - (withFew - empty)) / (known - active);
    say(`${many.state.entities.count('key')} keys, ${bytesPerKey.toFixed(0)} bytes each`);
    return new Scene(few, many, bytesPerKey);
  }

  async round(index: number): Promise<Round> {
    const [few, many] = this.#scrapers;
    const scrape = await inTurn(
      index,
      () => this.#time(many, this.many),
      () => this.#time(few, this.few),
    );
    return { scrape, 'a known key': { ours: this.bytesPerKey } };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #time(scraper: Scraper, large: LargeState): Promise<number> {
    let milliseconds = 0;
    for (let time = 0; time < SCRAPES; time++) {
      large.change(0.05);
      milliseconds += await processorTime(1, () => scraper.scrape(large.state, { gzip: true }));
    }
    return milliseconds / SCRAPES;
  }
}
