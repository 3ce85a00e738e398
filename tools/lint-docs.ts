/** Links in Markdown files lead somewhere: every relative link names a file, and an anchor of it when it has one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n');
let broken = 0;

for (const file of files.filter((name) => name !== '' && existsSync(name))) {
  const text = readFileSync(file, 'utf8')
    .replace(/```[\s\S]*?```/g, '')
    .replace(/`[^`\n]*`/g, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (target === undefined || /^[a-z]+:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const absolute = path === '' ? file : join(dirname(file), path);
    if (!existsSync(absolute)) report(file, `${target}: there is no ${absolute}`);
    else if (anchor && statSync(absolute).isFile() && absolute.endsWith('.md') && !anchorsOf(absolute).has(anchor)) {
      report(file, `${target}: ${absolute} has no heading #${anchor}`);
    }
  }
}
process.exit(broken === 0 ? 0 : 1);

function report(file: string, problem: string): void {
  broken++;
  console.log(`${file}: ${problem}`);
}

function anchorsOf(file: string): Set<string> {
  const text = readFileSync(file, 'utf8');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)]);
}
