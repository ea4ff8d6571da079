import type { Random } from '../random.js';
import type { Json, KeyRow } from '../world/rows.js';
import type { World } from '../world/world.js';

const agents = [
  'OpenAI/Python 1.68.2',
  'AsyncOpenAI/Python 1.99.1',
  'claude-cli/2.0.14 (external, cli)',
  'python-requests/2.32.3',
  'curl/8.5.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 "odd"',
];

/** Lists that no client should send and some do. */
const oddities: readonly Json[] = [
  null,
  {},
  [],
  '',
  'not json at all',
  '[]',
  '{"a": "b"}',
  ['', 'after-empty', ''],
  ['number follows', 7, null, { nested: true }],
  7,
];

/** What tags are made from. */
interface TagSource {
  readonly random: Random;
  readonly world: World;
  /** Whether callers make up tags of their own. */
  readonly invented: boolean;
}

/** `request_tags` of a request: its own tags, then the two that LiteLLM adds for the client. */
export function makeTags({ random, world, invented }: TagSource, key: KeyRow | undefined): Json {
  if (random.chance(0.02)) return random.pick(oddities);
  const tags: string[] = [];
  if (world.tagNames.length > 0 && random.chance(0.6)) {
    const count = random.weighted([
      [70, 1],
      [20, 2],
      [9, 4],
      [1, 50],
    ]);
    for (let index = 0; index < count; index += 1) tags.push(random.pickSkewed(world.tagNames));
  }
  if (random.chance(0.03) && invented) tags.push(`trace-${random.hex(8)}`);
  if (tags.length > 0 && random.chance(0.05)) tags.push(tags[0] as string);
  if (key !== undefined && typeof key.metadata === 'object' && key.metadata !== null && 'tags' in key.metadata) {
    tags.push('from-key');
  }
  if (random.chance(0.85)) {
    const agent = random.pick(agents);
    tags.push(`User-Agent: ${agent.split('/')[0]}`, `User-Agent: ${agent}`);
  }
  return random.chance(0.02) ? JSON.stringify(tags) : tags;
}

/** A list of `count` distinct tags. */
export function manyTags(random: Random, world: World, count: number): string[] {
  const known = world.tagNames.slice(0, count);
  const invented = Array.from({ length: Math.max(0, count - known.length) }, (_, index) => `${random.hex(6)}-${index}`);
  return [...known, ...invented];
}
