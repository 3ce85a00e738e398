/** The package as `npm pack` makes it, built away from the checkout so that nothing of it is in reach. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from '../../tools/build.ts';

const run = promisify(execFile);
export const checkout = fileURLToPath(new URL('../../', import.meta.url));

const besideTheCode = ['package.json', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'SECURITY.md', 'bin'];

export interface Packed {
  /** The .tgz; absent for a dry run. */
  readonly tarball: string;
  /** Paths inside the package. */
  readonly files: ReadonlySet<string>;
  readonly packed_bytes: number;
  readonly unpacked_bytes: number;
}

/** Builds and packs into an empty folder. */
export async function packInto(folder: string): Promise<Packed> {
  for (const file of besideTheCode) cpSync(join(checkout, file), join(folder, file), { recursive: true });
  const builtConsole = join(checkout, 'console', 'dist');
  if (existsSync(builtConsole)) cpSync(builtConsole, join(folder, 'console', 'dist'), { recursive: true });
  await build(join(folder, 'dist'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: folder, maxBuffer: 2 ** 24 });
  const [{ filename, files, size, unpackedSize }] = JSON.parse(stdout) as [
    { filename: string; files: { path: string }[]; size: number; unpackedSize: number },
  ];
  return {
    tarball: join(folder, filename),
    files: new Set(files.map(({ path }) => path)),
    packed_bytes: size,
    unpacked_bytes: unpackedSize,
  };
}
