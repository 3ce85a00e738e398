import { api } from '../api/request.ts';
import { goTo } from './place.ts';

/** Ends this session, or all of the person's, and begins the page anew: nothing of them stays in memory. */
export async function signOut({ everywhere = false }: { everywhere?: boolean } = {}): Promise<void> {
  await api.post(everywhere ? '/v1/sign-out/everywhere' : '/v1/sign-out');
  goTo('/');
}
