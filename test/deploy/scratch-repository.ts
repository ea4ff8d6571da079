import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryFiles } from '../docs/markdown.js';
import { ROOT } from './chart.js';
import type { Said } from './tools.js';

/** Nothing of the user's own settings, and no tests before a release: they run anyway, or this would not. */
const environment = {
  ...process.env,
  RELEASE_WITHOUT_CI: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
  NO_COLOR: '1',
};

/** The working tree in a repository of its own, on branch main, with one commit and a bare remote. */
export class ScratchRepository {
  private readonly base = mkdtempSync(join(tmpdir(), 'exporter-release-'));
  /** The clone that releases are made in. */
  readonly directory = join(this.base, 'clone');
  /** What it pushes to. */
  readonly remote = join(this.base, 'remote.git');

  constructor() {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', this.remote]);
    execFileSync('git', ['clone', '--quiet', this.remote, this.directory], { stdio: 'ignore', env: environment });
    for (const file of repositoryFiles()) {
      mkdirSync(dirname(join(this.directory, file)), { recursive: true });
      cpSync(join(ROOT, file), join(this.directory, file));
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'));
    // The repository ignores the directory only.
    writeFileSync(join(this.directory, '.git/info/exclude'), 'node_modules\n');
    this.git('checkout', '--quiet', '-B', 'main');
    this.git('add', '--all');
    this.commit('chore: everything');
    this.git('push', '--quiet', '--set-upstream', 'origin', 'main');
  }

  /** Output of git in the clone; throws where it fails. */
  git(...argv: readonly string[]): string {
    return execFileSync('git', argv, { cwd: this.directory, encoding: 'utf8', env: environment }).trim();
  }

  /** A commit of all changes, or an empty one. */
  commit(message: string): void {
    this.git('commit', '--quiet', '--all', '--allow-empty', '--message', message);
  }

  /** `npm run <script>` in the clone. */
  run(script: string): Said {
    const options = { cwd: this.directory, encoding: 'utf8', env: environment } as const;
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], options);
    return { ok: status === 0, text: `${stdout}${stderr}` };
  }

  /** A file of the clone. */
  read(path: string): string {
    return readFileSync(join(this.directory, path), 'utf8');
  }

  /** A file of the clone with more at its end. */
  append(path: string, text: string): void {
    writeFileSync(join(this.directory, path), `${this.read(path)}${text}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
