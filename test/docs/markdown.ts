import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the repository as text. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Files that git knows or would add, relative to the root. */
export function repositoryFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  // A file may be deleted in the work tree and not yet in the index.
  return listed
    .toString()
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

/** A fenced block: the language after the fence, and the heading it stands under. */
export interface Block {
  readonly language: string;
  readonly section: string;
  readonly text: string;
}

/** The fenced blocks of a document, in order; those of a list without its indentation. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: { language: string; indent: number; lines: string[] } | null = null;
  for (const line of markdown.split('\n')) {
    const fence = /^( *)```(\w*)/.exec(line);
    if (open !== null && fence !== null) {
      blocks.push({ language: open.language, section, text: open.lines.join('\n') });
      open = null;
    } else if (open !== null) open.lines.push(line.slice(open.indent));
    else if (fence !== null) open = { language: fence[2] ?? '', indent: fence[1]?.length ?? 0, lines: [] };
    else section = /^#+ (.*)/.exec(line)?.[1] ?? section;
  }
  return blocks;
}

/** The statements of the SQL blocks under these headings, one by one: ALTER SYSTEM may not stand in a query with others. */
export function sqlUnder(markdown: string, ...sections: string[]): readonly string[] {
  return blocksOf(markdown)
    .filter((block) => block.language === 'sql' && sections.includes(block.section))
    .flatMap((block) => block.text.split(/;\s*(?:\n|$)/))
    .filter((statement) => statement.trim() !== '');
}

/** True for what POSTGRES_SETUP.md lets the owner of the tables run, and not an administrator. */
export function isForOwner(statement: string): boolean {
  return /^(GRANT|(CREATE|DROP) PUBLICATION)/.test(statement);
}

/** The document without its fenced blocks. */
export function prose(markdown: string): string {
  return markdown.replace(/^ *```[^\n]*\n[\s\S]*?^ *```/gm, '');
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(headings.map((heading) => `#${slug(heading)}`));
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** A link to another place of the repository. */
export interface Link {
  readonly target: string;
  /** Relative to the root. */
  readonly file: string;
  /** With its `#`; null where the whole file is meant. */
  readonly anchor: string | null;
}

/** The links of a document that do not leave the repository. */
export function localLinksOf(path: string): readonly Link[] {
  const targets = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor] = target.split('#');
      const absolute = file === '' ? join(ROOT, path) : resolve(ROOT, dirname(path), file);
      return { target, file: absolute.slice(ROOT.length), anchor: anchor === undefined ? null : `#${anchor}` };
    });
}
