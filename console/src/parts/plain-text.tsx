import { visible } from './json-view.tsx';

/** Longer text is cut: a line shows no more, and laying out a megabyte of it stops the page. */
const line_chars = 500;

/**
 * A line of text from outside: control, direction and invisible characters written as escapes, so that it can not pose
 * as something else or turn what stands beside it.
 */
export function plainText(text: string, chars: number = line_chars): string {
  const line = text.length > chars ? `${text.slice(0, chars)}…` : text;
  return visible(line).replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same in a direction of its own: what is written from right to left stays inside. */
export function PlainText({ text, chars }: { text: string; chars?: number }) {
  return <bdi>{plainText(text, chars)}</bdi>;
}
