import { createHash } from 'node:crypto';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Of a path that is too long to be stored whole. */
const shortened_chars = 200;

/**
 * A path of bytes as text that any store takes. Names in UTF-8 stay as they are, also with line feeds and quotes. A
 * name in another encoding, which git and Linux allow, becomes its readable part and a hash of its bytes, so that two
 * such names stay two.
 */
export function pathText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return marked(new TextDecoder().decode(bytes), bytes);
  }
}

/** The beginning of a path that is too long to be stored, with a hash of its bytes. */
export function shortenedPath(path: string, bytes: Uint8Array): string {
  return marked(path.slice(0, shortened_chars).toWellFormed(), bytes);
}

/**
 * Takes a name for one file of a run: the path, or, where another file has that (a name made to look like the text of
 * one in another encoding), the path with a hash of its bytes. Each file is a row of its own, whatever it is called; a
 * tree made by hand may name one file many times.
 */
export function takeName(path: string, bytes: Uint8Array, taken: Set<string>): string {
  let name = path;
  for (let tries = 0; taken.has(name); tries++) {
    // how many there are is new at every call, so that many of one name do not try each other's
    name = marked(path, tries === 0 ? bytes : Buffer.concat([bytes, Buffer.from(`\0${taken.size} ${tries}`)]));
  }
  taken.add(name);
  return name;
}

/** The text with a hash of the bytes before its ending. */
function marked(text: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const dot = text.lastIndexOf('.');
  const ending = dot > text.lastIndexOf('/') ? text.slice(dot) : '';
  return `${ending ? text.slice(0, dot) : text}~${hash}${ending}`;
}

/** Whether a path stays inside its root: relative, without `..` and empty segments. git refuses to make others, but
 * a repository can be made by hand. */
export function isInside(path: string): boolean {
  return path !== '' && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
