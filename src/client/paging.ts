import { PlinthError } from './error.ts';
import type { Page, Paged } from './types.ts';

type Ask = (cursor: { readonly cursor?: string }) => Promise<unknown>;

/** Asks for the first page at once; for the next ones as they are needed. */
export function paged<T>(ask: Ask): Paged<T> {
  const first = ask({}).then(pageOf<T>);
  async function* pages(): AsyncGenerator<Page<T>, void> {
    let page = await first;
    for (;;) {
      yield page;
      const cursor = page.next_cursor;
      if (cursor === null) return;
      page = pageOf<T>(await ask({ cursor }));
      if (page.next_cursor === cursor) {
        throw new PlinthError('The pages go in a circle', { code: 'response_invalid', status: 200 });
      }
    }
  }
  async function* rows(): AsyncGenerator<T, void> {
    for await (const page of pages()) yield* page.data;
  }
  return Object.assign(first, { pages, [Symbol.asyncIterator]: rows });
}

function pageOf<T>(answer: unknown): Page<T> {
  const page = answer as Page<T> | null | undefined;
  if (Array.isArray(page?.data) && (page.next_cursor === null || typeof page.next_cursor === 'string')) return page;
  throw new PlinthError('The answer is not a page', {
    code: 'response_invalid',
    status: 200,
    hint: 'Check that the URL is that of Plinth.',
  });
}
