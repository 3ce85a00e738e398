import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { defineErrors } from '../../platform/core/errors.ts';
import { type CommandBody, exitCodes, printResult, UsageError } from '../command.ts';
import { checkoutFolder, projectFiles } from '../new-project/files.ts';

const newErrors = defineErrors({
  folder_not_empty: {
    status: 409,
    title: 'There is something in the folder already',
    hint: 'Nothing was written. Name a folder that is empty or not there.',
  },
});

/** What a folder may hold and still count as empty. */
const unnoticed = new Set(['.git', '.DS_Store']);

export const newProject: CommandBody = {
  usage: ['new FOLDER'],
  database: 'none',
  async run(context, { positionals }) {
    const [given, ...more] = positionals;
    if (!given || more.length > 0) throw new UsageError('new wants a FOLDER, and nothing else');
    const folder = resolve(context.cwd, given);
    await assertEmpty(folder);
    const files = projectFiles(packageName(basename(folder)), folder, checkoutFolder());
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { flag: 'wx' });
    }
    const shown = relative(context.cwd, folder) || '.';
    printResult(context, { folder, files: Object.keys(files) }, () => [
      ...Object.keys(files).map((path) => `wrote  ${join(shown, path)}`),
      `next   cd ${shown} && npm install && npm test`,
    ]);
    return exitCodes.fine;
  },
};

async function assertEmpty(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory()) throw newErrors.folder_not_empty({ detail: `${folder} is a file` });
  const names = (await readdir(folder)).filter((name) => !unnoticed.has(name));
  if (names.length > 0) throw newErrors.folder_not_empty({ detail: `${folder} holds ${names.slice(0, 5).join(', ')}` });
}

/** A name npm accepts: "My Notes" → "my-notes". */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100);
  return name === '' || name === 'plinth' ? 'my-plinth' : name;
}
