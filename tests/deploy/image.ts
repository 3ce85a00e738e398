/** What deploy/Dockerfile makes, made in a folder: where no container engine is, and to look at in a test. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Instruction {
  readonly name: string;
  readonly value: string;
}

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface Image {
  /** What is /app in the container. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly stopSignal: NodeJS.Signals;
  readonly volume: string;
}

/** The stages of a Dockerfile; comments and line continuations as Docker reads them. */
export function readStages(dockerfile: string): Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  const whole = dockerfile.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  for (const line of whole.split('\n').filter((text) => text.trim() !== '')) {
    const [, name = '', value = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === 'FROM') {
      const [, base = '', as = ''] = /^(\S+)(?: AS (\S+))?$/.exec(value) ?? [];
      stages.push({ name: as, base, instructions: [] });
    } else if (stages.length === 0 || name === '') throw new Error(`not understood: ${line}`);
    else stages.at(-1)?.instructions.push({ name, value });
  }
  return stages;
}

/** Whether the ignore file leaves a path in: the last pattern that matches it, or a folder above it, decides. */
export function leavesIn(ignoreFile: string): (path: string) => boolean {
  const rules = ignoreFile
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line
        .replace(/^!/, '')
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*/)?'));
      return { isIn: line.startsWith('!'), matches: new RegExp(`^${pattern}(?:/|$)`) };
    });
  return (path) => rules.findLast(({ matches }) => matches.test(path))?.isIn ?? true;
}

/** The checkout's files that are sent to be built from: no symbolic links, nothing that git ignores. */
function contextFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const isIn = leavesIn(readFileSync(join(root, 'deploy/Dockerfile.dockerignore'), 'utf8'));
  return String(listed)
    .split('\0')
    .filter((path) => path !== '' && isIn(path) && existsSync(join(root, path)));
}

/** As `npm ci` makes it from the lock file, linked to what is installed here. */
function linkDependencies(folder: string, withoutDev: boolean): void {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  for (const [path, { dev, devOptional, link }] of Object.entries(packages)) {
    // a package inside another's folder comes with that
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    const isLeftOut = link || (withoutDev && (dev || devOptional));
    if (name === undefined || isLeftOut || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
}

function copy(value: string, folder: string, folders: ReadonlyMap<string, string>, context: readonly string[]): void {
  const [, from, rest = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(value) ?? [];
  const paths = rest.split(/\s+/);
  const target = paths.pop() as string;
  for (const path of paths) {
    const to = target.endsWith('/') ? join(folder, target, path) : join(folder, target);
    if (from !== undefined) {
      const source = path.replace(/^\/app/, folders.get(from) ?? `/${from}-is-no-stage`);
      cpSync(source, to, { recursive: true, verbatimSymlinks: true });
      continue;
    }
    const files = context.filter((file) => file === path || file.startsWith(`${path}/`));
    if (files.length === 0) throw new Error(`COPY ${value}: the context has no ${path}`);
    for (const file of files) {
      const copied = file === path ? to : join(to, file.slice(path.length + 1));
      mkdirSync(dirname(copied), { recursive: true });
      cpSync(join(root, file), copied);
    }
  }
}

function run(command: string, folder: string): void {
  if (command.startsWith('npm ci ')) linkDependencies(folder, command.includes('--omit=dev'));
  else if (command.startsWith('node ')) execFileSync(process.execPath, command.split(/\s+/).slice(1), { cwd: folder });
  // Debian's packages and the folder of the data: the machine's
  else if (!command.startsWith('apt-get update ')) throw new Error(`RUN ${command}: what does it do here?`);
}

/** Builds every stage in a folder below `into`, as Docker would, and returns the last one. */
export function buildImage(into: string): Image {
  const context = contextFiles();
  const folders = new Map<string, string>();
  const stages = readStages(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8'));
  for (const { name, instructions } of stages) {
    const folder = join(into, name || 'app');
    folders.set(name || 'app', folder);
    mkdirSync(folder, { recursive: true });
    for (const instruction of instructions) {
      if (instruction.name === 'COPY') copy(instruction.value, folder, folders, context);
      if (instruction.name === 'RUN') run(instruction.value, folder);
    }
  }
  const last = stages.at(-1) as Stage;
  const value = (name: string): string => last.instructions.find((one) => one.name === name)?.value ?? '';
  const list = (name: string): string[] => JSON.parse(value(name).replace(/^.*?\[/, '['));
  const [uid, gid] = value('USER').split(':').map(Number);
  const folder = folders.get('app') as string;
  makeReadable(folder);
  return {
    folder,
    env: Object.fromEntries([...value('ENV').matchAll(/(\w+)=(\S+)/g)].map(([, name, text]) => [name, text])),
    uid: uid as number,
    gid: gid as number,
    entrypoint: list('ENTRYPOINT'),
    command: list('CMD'),
    healthCheck: list('HEALTHCHECK'),
    stopSignal: value('STOPSIGNAL') as NodeJS.Signals,
    volume: value('VOLUME'),
  };
}

/** A tree that another user can read, and nobody but root can write. */
function makeReadable(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) makeReadable(below);
    else if (entry.isFile()) chmodSync(below, statSync(below).mode & 0o100 ? 0o555 : 0o444);
  }
  chmodSync(path, 0o555);
}
