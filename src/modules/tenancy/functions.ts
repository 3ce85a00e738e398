import type { FunctionDeclaration } from '../../platform/module.ts';

const definer = (...callers: FunctionDeclaration['callers'][number][]): FunctionDeclaration => ({
  security: 'definer',
  callers,
});

/** As the migrations told register_function. */
export const functions: Readonly<Record<string, FunctionDeclaration>> = {
  'assert_organization(uuid)': definer(),
  'assert_person(uuid)': definer(),
  'create_organization(uuid, text, text, uuid, integer, timestamp with time zone)': definer('app'),
  'note_activity(uuid, text, text)': definer(),
  'rename_organization(uuid, text)': definer('app'),
  'delete_organization(uuid, timestamp with time zone)': definer('app'),
  'recover_organization(uuid, uuid, timestamp with time zone)': definer('app'),
  'organizations_of_user(uuid)': definer('app'),
  'organizations_to_purge(timestamp with time zone, integer)': definer('worker'),
  'purge_table(uuid, text, text, bigint)': { security: 'invoker', callers: [] },
  'purge_organization(uuid, timestamp with time zone, integer, boolean)': { security: 'owner', callers: ['worker'] },
  'role_rank(text)': definer(),
  'add_user(uuid, text, text, text, timestamp with time zone)': definer(),
  'ensure_user(text, text, timestamp with time zone)': definer('app'),
  'add_member(uuid, uuid, text, timestamp with time zone)': definer('app'),
  'is_owned_without(uuid, uuid)': definer(),
  'change_member_role(uuid, uuid, text, text)': definer('app'),
  'remove_member(uuid, uuid, text, timestamp with time zone)': definer('app'),
  'change_full_name(uuid, text, timestamp with time zone)': definer('app'),
  'change_email(uuid, text, uuid, timestamp with time zone)': definer('app'),
  'change_username(uuid, text, timestamp with time zone)': definer('app'),
  'set_password(uuid, text, uuid, timestamp with time zone)': definer('app'),
  'set_user_active(uuid, uuid, boolean, timestamp with time zone)': definer('app'),
  'sign_in_delay(integer, integer, integer)': definer(),
  'claim_sign_in_attempt(text, text, text, text, timestamp with time zone)': definer('app'),
  'clear_sign_in_attempts(text, text)': definer('app'),
  'credentials_by_email(text)': definer('app'),
  'credentials_of_user(uuid)': definer('app'),
  'renew_password_hash(uuid, text, text)': definer('app'),
  'create_session(uuid, uuid, bytea, text, text, text, timestamp with time zone, timestamp with time zone)':
    definer('app'),
  'find_session(bytea, uuid, text, timestamp with time zone, timestamp with time zone)': definer('app'),
  'touch_sessions(uuid[], timestamp with time zone[])': definer('app'),
  'sessions_of_user(uuid, timestamp with time zone, timestamp with time zone)': definer('app'),
  'revoke_sessions(uuid, uuid, timestamp with time zone)': definer('app'),
  'issue_one_time_token(text, bytea, uuid, timestamp with time zone, timestamp with time zone)': definer('worker'),
  'consume_one_time_token(text, bytea, timestamp with time zone)': definer(),
  'redeem_sign_in_link(bytea, text, timestamp with time zone)': definer('app'),
  'active_user_by_email(text)': definer('worker'),
  'has_administrator()': definer('app', 'worker'),
  'complete_first_run(uuid, uuid, bytea, text, text, text, text, text, timestamp with time zone)': definer('app'),
  'delete_expired_access(timestamp with time zone, integer)': definer('worker'),
  'create_api_key(uuid, uuid, bytea, text, text, uuid, text, text, text[], timestamp with time zone, uuid, integer, timestamp with time zone)':
    definer('app'),
  'authenticate_api_key(uuid, bytea, timestamp with time zone)': definer('app'),
  'touch_api_keys(uuid, uuid[], timestamp with time zone[])': definer('app'),
  'revoke_api_key(uuid, uuid, timestamp with time zone)': definer('app'),
  'rotate_api_key(uuid, uuid, uuid, bytea, text, text, uuid, timestamp with time zone, timestamp with time zone)':
    definer('app'),
};
