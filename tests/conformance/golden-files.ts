import { readFileSync, writeFileSync } from 'node:fs';

/** With UPDATE_GOLDEN=1 the files are written instead of compared; what changed is reviewed in the diff. */
export const updatesGolden = process.env['UPDATE_GOLDEN'] === '1';

const path = (name: string) => new URL(`./golden/${name}`, import.meta.url);

export function readGolden(name: string): string {
  try {
    return readFileSync(path(name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function writeGolden(name: string, text: string): void {
  writeFileSync(path(name), text);
}

/** Lines "what: why" of a file; one without a reason has an empty one. */
export function reviewedLines(name: string): Map<string, string> {
  const lines = readGolden(name)
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const end = line.indexOf(': ');
      return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end + 2).trim()];
    }),
  );
}
