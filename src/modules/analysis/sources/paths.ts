import { createHash } from 'node:crypto';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A path of bytes as text that any store takes. Names in UTF-8 stay as they are, also with line feeds and quotes. A
 * name in another encoding, which git and Linux allow, becomes its readable part and a hash of its bytes, so that two
 * such names stay two.
 */
export function pathText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    const readable = new TextDecoder().decode(bytes);
    const dot = readable.lastIndexOf('.');
    const ending = dot > readable.lastIndexOf('/') ? readable.slice(dot) : '';
    return `${ending ? readable.slice(0, dot) : readable}~${hash}${ending}`;
  }
}

/** Whether a path stays inside its root: relative, without `..` and empty segments. git refuses to make others, but
 * a repository can be made by hand. */
export function isInside(path: string): boolean {
  return path !== '' && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
