import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlinthError } from '../platform/core/errors.ts';
import { type Application, composeApplication, plainApplication } from './compose.ts';
import { type ApplicationDefinition, isApplicationDefinition } from './define.ts';
import { applicationErrors } from './errors.ts';

/** What an application file may be called, in the working directory. */
const fileNames = ['plinth.config.ts', 'plinth.config.js', 'plinth.config.mjs'];
const message_chars_max = 600;

/** The application file of a folder; undefined where there is none. Throws `application_file` where there are two. */
export async function findApplicationFile(folder: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of fileNames) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isFile()) found.push(path);
  }
  if (found.length > 1) {
    throw applicationErrors.application_file({
      detail: `${found.map((path) => basename(path)).join(' and ')} are both there; keep one`,
    });
  }
  return found[0];
}

/**
 * The definition that the application file of `folder` exports, or the file named; undefined where there is none.
 * Loading it runs it. Throws `application_file` and `application_export`.
 */
export async function loadDefinition(folder: string, file?: string): Promise<ApplicationDefinition | undefined> {
  const path = file === undefined ? await findApplicationFile(folder) : resolve(folder, file);
  if (path === undefined) return undefined;
  if (file !== undefined && !(await stat(path).catch(() => undefined))?.isFile()) {
    throw applicationErrors.application_file({ detail: `there is no file ${path}` });
  }
  let exported: { readonly default?: unknown };
  try {
    exported = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (cause) {
    if (cause instanceof PlinthError) throw cause;
    throw applicationErrors.application_file({ detail: `${path}: ${describe(cause)}`, cause });
  }
  if (exported.default === undefined) {
    throw applicationErrors.application_export({ detail: `${path} has no default export` });
  }
  if (!isApplicationDefinition(exported.default)) {
    throw applicationErrors.application_export({
      detail: `the default export of ${path} was not made by definePlinth`,
    });
  }
  return exported.default;
}

/** The application of a folder, Plinth's modules alone where it has no file. */
export async function loadApplication(folder: string, file?: string): Promise<Application> {
  const definition = await loadDefinition(folder, file);
  return definition ? composeApplication(definition) : plainApplication();
}

/** What went wrong and, where it is the file's own text, at which line; never a stack. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return `it threw ${String(cause).slice(0, message_chars_max)}`;
  const { code } = cause as { code?: string };
  const what = cause.message.split('\n').find((line) => line.trim() !== '') ?? cause.name;
  if (code === 'ERR_MODULE_NOT_FOUND') return `${what.slice(0, message_chars_max)}`;
  const place = placeOf(cause);
  return `${place ? `${place}: ` : ''}${cause.name}: ${what.slice(0, message_chars_max)}`;
}

/** "file:///…/plinth.config.ts:3:7" from a stack's first line that names a file of the user's. */
function placeOf(cause: Error): string | undefined {
  const match = /(?:file:\/\/)?(\/[^\s()]+\.[cm]?[jt]s):(\d+)/.exec(cause.stack ?? '');
  return match ? `${basename(match[1]!)}:${match[2]}` : undefined;
}
