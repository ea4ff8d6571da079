import type { Redis } from 'ioredis';
import { listOf, StrangeReply } from '../replies.js';
import { ADVANCE_BASE } from './advance-base-n.js';
import { CLAIM_WRITER } from './claim-writer-1.js';
import { COMMIT_STEP } from './commit-step-n.js';
import { MAKE_CURRENT } from './make-current-1.js';
import { OPEN_DRAFT } from './open-draft-2.js';
import { WRITE_BASE } from './write-base-n.js';

/** Every script, as the client registers them: sent by their sum, in full where the server doesn't know them yet. */
export const SCRIPTS = {
  claimWriter: { lua: CLAIM_WRITER },
  commitStep: { lua: COMMIT_STEP },
  writeBase: { lua: WRITE_BASE },
  advanceBase: { lua: ADVANCE_BASE },
  openDraft: { lua: OPEN_DRAFT },
  makeCurrent: { lua: MAKE_CURRENT },
} as const;

/** What a script is called with; its header says what each place means. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

/** What a script answers: a word, and what explains it. */
export type ScriptReply = readonly [word: string, detail?: string];

/** Every word that a script may answer with. */
const WORDS = ['DONE', 'STORED', 'UNSTAGED', 'FENCED', 'FORMAT', 'MISMATCH', 'LATE', 'WRONGTYPE'];

/**
 * Runs a script on a client that was made with {@link SCRIPTS}.
 *
 * @throws StrangeReply for an answer that no script gives: nothing may be taken for stored on its word.
 */
export async function runScript(client: Redis, name: keyof typeof SCRIPTS, call: ScriptCall): Promise<ScriptReply> {
  const scripted = client as unknown as Record<string, (...args: readonly unknown[]) => Promise<ScriptReply>>;
  const script = scripted[name];
  if (script === undefined) throw new Error(`the client lacks the script ${name}`);
  const reply = await script.call(client, call.keys.length, ...call.keys, ...call.args);
  const [word] = listOf<string | undefined>(reply, `the script ${name}`);
  if (word === undefined || !WORDS.includes(word)) throw new StrangeReply(`the script ${name}`);
  return reply;
}
