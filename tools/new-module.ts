/** `npm run new:module -- notes`: makes a module of one tenant table, whole: migration, service, routes, test, README. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleFiles } from './template/module-files.ts';

const NOUN = /^[a-z][a-z0-9]{2,40}$/;

/** Writes the module's files below `root` and adds it to the list of modules. Returns the paths it wrote. */
export function newModule(root: string, noun: string): string[] {
  if (!NOUN.test(noun)) throw new Error(`"${noun}" is not a plural noun in lower case, such as notes`);
  const folder = join('src', 'modules', noun);
  if (existsSync(join(root, folder))) throw new Error(`${folder} is there already`);
  const written: string[] = [];
  for (const [path, text] of Object.entries(moduleFiles(noun))) {
    const file = join(folder, path);
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
    written.push(file);
  }
  const list = join(root, 'src', 'modules.ts');
  writeFileSync(list, addToList(readFileSync(list, 'utf8'), noun));
  return [...written, 'src/modules.ts'];
}

/** Imports in alphabetical order, as the formatter wants them; the list in the order of dependency, so at its end. */
export function addToList(text: string, noun: string): string {
  const line = `import { ${noun}Module } from './modules/${noun}/module.ts';`;
  const imports = [...text.matchAll(/^import \{ \w+ \} from '\.\/modules\/.*$/gm)].map(([match]) => match);
  const sorted = [...imports, line].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  return text.replace(imports.join('\n'), sorted.join('\n')).replace(/\n\];/, `\n  ${noun}Module,\n];`);
}

function pathOf(line: string): string {
  return line.slice(line.indexOf("from '"));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [noun] = process.argv.slice(2);
  if (!noun) {
    console.error('usage: npm run new:module -- NOUN   (plural, such as notes)');
    process.exit(2);
  }
  for (const path of newModule(process.cwd(), noun)) console.log(path);
  console.log(`\nnext: npm run gen && npm run check && npx vitest run src/modules/${noun}`);
}
