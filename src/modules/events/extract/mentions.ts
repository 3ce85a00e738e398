import { isUuid } from '../../../platform/core/ids.ts';
import { stringAt } from '../json.ts';

/** What an event names that an organization may know. Whether it does is decided when the event is stored. */
export interface Mentions {
  readonly project_id?: string;
  readonly task_id?: string;
  readonly actor_issuer?: string;
  readonly actor_subject?: string;
  readonly actor_email?: string;
}

/** Who vouches for the ids of people in a sender's payloads, as it is linked to a person (`user_identities`). */
const issuers: Readonly<Record<string, string>> = {
  github: 'https://github.com',
  slack: 'https://slack.com',
  linear: 'https://linear.app',
};

/** Where a payload has an id of ours: what our own tasks sent along comes back. */
const taskPaths = [
  ['task_id'],
  ['client_payload', 'task_id'],
  ['inputs', 'task_id'],
  ['deployment', 'payload', 'task_id'],
];
const projectPaths = [['project_id'], ['client_payload', 'project_id'], ['inputs', 'project_id']];
/** The address of who caused the event; never one that anybody may write into a commit. */
const emailPaths: Readonly<Record<string, readonly (readonly string[])[]>> = {
  github: [['pusher', 'email']],
  linear: [['actor', 'email']],
  deployment: [['triggered_by_email']],
};

/** `task/<id>`, `agent/task-<id>`: the branch an agent made for a task. */
const TASK_BRANCH = /(?:^|\/)tasks?[-/_]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:$|[-/_.])/;
const EMAIL = /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,189}$/u;

function firstOf(json: unknown, paths: readonly (readonly string[])[], fits: (text: string) => boolean) {
  for (const path of paths) {
    const text = stringAt(json, ...path);
    if (text !== undefined && fits(text)) return text;
  }
  return undefined;
}

export const isEmail = (text: string): boolean => text.isWellFormed() && EMAIL.test(text);

/** Reads what a payload names. Takes any JSON and never throws. */
export function mentionsOf(
  scheme: string,
  json: unknown,
  { branch, subject }: { readonly branch: string | null; readonly subject: string | null },
): Mentions {
  const project_id = firstOf(json, projectPaths, isUuid);
  const task_id = firstOf(json, taskPaths, isUuid) ?? TASK_BRANCH.exec(branch ?? '')?.[1];
  const actor_email = firstOf(json, emailPaths[scheme] ?? [], isEmail);
  const issuer = issuers[scheme];
  return {
    ...(project_id === undefined ? {} : { project_id }),
    ...(task_id === undefined ? {} : { task_id }),
    ...(actor_email === undefined ? {} : { actor_email }),
    ...(issuer === undefined || subject === null ? {} : { actor_issuer: issuer, actor_subject: subject }),
  };
}
