import { installTool, tools } from './tools.mjs';

// Installs what the specs of test/deploy run; each that can't be had is named, with the reason.
for (const { name } of tools) {
  const obstacle = installTool(name, (line) => process.stdout.write(`${line}\n`));
  if (obstacle !== undefined) process.stdout.write(`${obstacle}\n`);
}
