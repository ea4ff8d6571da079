// Runs one TypeScript file of this repository: bundles it with the rooms it imports, then imports the bundle.
//   node scripts/run-typescript.mjs test/bench/scrape.bench.ts
import { rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rspack } from '@rspack/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const [entry] = process.argv.slice(2);
if (entry === undefined) throw new Error('name the file to run');

const outDir = join(root, 'node_modules', '.cache', 'run-typescript', `${process.pid}`);
const filename = basename(entry).replace(/\.ts$/, '.mjs');

const compiler = rspack({
  context: root,
  mode: 'none',
  target: 'node20',
  devtool: 'inline-source-map',
  entry: resolve(entry),
  externalsType: 'module',
  // Whatever is neither a path nor a room stays where npm has put it.
  externals: [/^(?!\.|\/|@app\/)/],
  output: { path: outDir, filename, module: true, library: { type: 'module' } },
  resolve: {
    extensions: ['.ts', '.mjs', '.js'],
    extensionAlias: { '.js': ['.ts', '.js'] },
    tsConfig: join(root, 'tsconfig.json'),
  },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: {
          jsc: {
            target: 'es2023',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
          },
        },
      },
    ],
  },
});

try {
  /** @type {import('@rspack/core').Stats | undefined} */
  const stats = await new Promise((done, fail) =>
    compiler.run((error, result) => (error ? fail(error) : done(result))),
  );
  if (stats === undefined || stats.hasErrors())
    throw new Error(stats?.toString('errors-only') ?? 'the compiler gave no result');
  await import(pathToFileURL(join(outDir, filename)).href);
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
