import { useCan, useRows } from '../../api/hooks.ts';
import type { Member } from '../../api/types.ts';

/** The members by their user id, and how to call one; empty for who may not see members. */
export function usePeople(): { readonly members: readonly Member[]; nameOf(userId: string | null): string | null } {
  const { rows } = useRows<Member>('/v1/members', {}, { enabled: useCan('members:read') });
  return {
    members: rows,
    nameOf(userId) {
      if (userId === null) return null;
      const found = rows.find((member) => member.user_id === userId);
      return found ? found.display_name || found.email : userId;
    },
  };
}
