import { type ExtractRule, from, makeExtractor } from './extractor.ts';
import type { Column } from './github-columns.ts';
import { countOf, type Source } from './source.ts';

/** The typed columns of `slack_events`, in the order of the table. */
export const slackColumns = {
  subtype: { type: 'identifier', meaning: 'message_changed, bot_message and so on' },
  team_id: { type: 'identifier', meaning: 'The workspace' },
  enterprise_id: { type: 'identifier', meaning: 'The Enterprise Grid organization' },
  api_app_id: { type: 'identifier', meaning: 'The app the event was sent to' },
  is_shared_channel: { type: 'boolean', meaning: 'The channel is shared with another workspace' },
  channel_id: { type: 'identifier', meaning: 'The channel' },
  channel_name: { type: 'identifier', meaning: 'Its name' },
  channel_type: { type: 'identifier', meaning: 'channel, group, im, mpim' },
  user_id: { type: 'identifier', meaning: 'Who caused it' },
  user_name: { type: 'identifier', meaning: 'Their name' },
  bot_id: { type: 'identifier', meaning: 'The bot that wrote it' },
  message_ts: { type: 'identifier', meaning: "The message: Slack's id of it within its channel" },
  thread_ts: { type: 'identifier', meaning: 'The first message of its thread' },
  event_ts: { type: 'identifier', meaning: "Slack's time of the event" },
  edited_ts: { type: 'identifier', meaning: 'When the message was edited' },
  is_hidden: { type: 'boolean', meaning: 'Not to be shown: an edit or deletion' },
  reaction: { type: 'identifier', meaning: 'The emoji without colons' },
  item_type: { type: 'identifier', meaning: 'message, file: what was reacted to, pinned, starred' },
  item_channel_id: { type: 'identifier', meaning: 'The channel of it' },
  item_ts: { type: 'identifier', meaning: 'The message of it' },
  item_user_id: { type: 'identifier', meaning: 'Who wrote it' },
  file_id: { type: 'identifier', meaning: 'The file' },
  inviter_id: { type: 'identifier', meaning: 'Who invited the one who joined' },
  command: { type: 'identifier', meaning: 'The slash command' },
  command_text: { type: 'title', meaning: 'What stands behind it' },
  callback_id: { type: 'identifier', meaning: 'The shortcut, view or workflow step' },
  action_id: { type: 'identifier', meaning: 'The button or menu that was used' },
  action_value: { type: 'identifier', meaning: 'Its value' },
  view_id: { type: 'identifier', meaning: 'The view' },
  tab: { type: 'identifier', meaning: 'home, messages' },
  link_domain: { type: 'identifier', meaning: 'The domain of the first link that was shared' },
  files_count: { type: 'integer', meaning: 'Files of the message' },
} as const satisfies Record<string, Column>;

type Rule = ExtractRule<typeof slackColumns>;

/** `1355517523.000005`: seconds, and what makes it unique. */
function slackTime(path: string): Source {
  return from(path, ' (seconds)', (value) => {
    const text = typeof value === 'number' ? String(value) : value;
    return typeof text === 'string' && /^\d{9,12}(\.\d{1,9})?$/.test(text) ? Math.trunc(Number(text)) : undefined;
  });
}

/** A field that is an id, or an object that has one. */
const idAt = (path: string) => [path, `${path}.id`] as const;

/** What is read from every kind: of the Events API below `event`, of commands and interactions at the top. */
export const slackCommon = {
  category: 'other',
  title: ['event.text', 'event.name', 'text'],
  occurred_at: ['event_time', slackTime('event.event_ts'), slackTime('action_ts')],
  columns: {
    subtype: 'event.subtype',
    team_id: [...idAt('team_id'), ...idAt('team'), 'event.team'],
    enterprise_id: [...idAt('enterprise_id'), ...idAt('enterprise')],
    api_app_id: 'api_app_id',
    is_shared_channel: 'is_ext_shared_channel',
    channel_id: [...idAt('event.channel'), 'event.channel_id', 'channel_id', 'channel.id'],
    channel_name: ['event.channel.name', 'channel_name', 'channel.name'],
    channel_type: 'event.channel_type',
    user_id: [...idAt('event.user'), 'event.user_id', 'user_id', 'user.id'],
    user_name: ['event.user.name', 'user_name', 'user.username', 'user.name'],
    bot_id: 'event.bot_id',
    event_ts: 'event.event_ts',
  },
} as const satisfies Rule;

const message = {
  message_ts: ['event.message.ts', 'event.deleted_ts', 'event.ts'],
  thread_ts: ['event.thread_ts', 'event.message.thread_ts', 'event.previous_message.thread_ts'],
  edited_ts: ['event.message.edited.ts', 'event.edited.ts'],
  is_hidden: 'event.hidden',
  user_id: ['event.user', 'event.message.user', 'event.previous_message.user'],
  bot_id: ['event.bot_id', 'event.message.bot_id'],
  inviter_id: 'event.inviter',
  files_count: countOf('event.files'),
} as const;

const item = {
  reaction: 'event.reaction',
  item_type: 'event.item.type',
  item_channel_id: 'event.item.channel',
  item_ts: ['event.item.ts', 'event.item.message.ts'],
  item_user_id: 'event.item_user',
  file_id: 'event.item.file',
  channel_id: ['event.item.channel', 'event.channel', 'event.channel_id'],
} as const;

const file = { file_id: ['event.file_id', 'event.file.id'] } as const;
const membership = { inviter_id: 'event.inviter' } as const;
const discussion: Rule = { category: 'discussion', columns: message };
const channelChange: Rule = { category: 'planning', title: ['event.channel.name', 'event.name'], columns: {} };
const reaction: Rule = { category: 'discussion', title: 'event.reaction', columns: item };
const pin: Rule = { category: 'discussion', title: 'event.item.message.text', columns: item };
const person: Rule = {
  category: 'access',
  title: ['event.user.profile.real_name', 'event.user.real_name', 'event.user.name'],
  columns: {},
};
const interaction = {
  callback_id: ['callback_id', 'view.callback_id'],
  action_id: 'actions.0.action_id',
  action_value: ['actions.0.value', 'actions.0.selected_option.value'],
  view_id: ['view.id', 'container.view_id'],
  message_ts: ['message.ts', 'container.message_ts', 'message_ts'],
  thread_ts: ['message.thread_ts', 'container.thread_ts'],
} as const;

/** How each kind is read: `event.type` of the Events API, `slash_command`, or the type of an interaction. https://docs.slack.dev/reference/events */
export const slackKinds: Readonly<Record<string, Rule>> = {
  message: { ...discussion, title: ['event.text', 'event.message.text'] },
  app_mention: discussion,
  message_metadata_posted: discussion,
  reaction_added: reaction,
  reaction_removed: reaction,
  pin_added: pin,
  pin_removed: pin,
  star_added: pin,
  star_removed: pin,
  link_shared: {
    category: 'discussion',
    title: 'event.links.0.url',
    url: 'event.links.0.url',
    columns: { link_domain: 'event.links.0.domain', message_ts: 'event.message_ts', thread_ts: 'event.thread_ts' },
  },
  channel_created: channelChange,
  channel_rename: channelChange,
  channel_archive: channelChange,
  channel_unarchive: channelChange,
  channel_deleted: channelChange,
  group_rename: channelChange,
  group_archive: channelChange,
  group_unarchive: channelChange,
  group_deleted: channelChange,
  member_joined_channel: { category: 'access', columns: membership },
  member_left_channel: { category: 'access', columns: membership },
  team_join: person,
  user_change: person,
  app_home_opened: { category: 'other', columns: { tab: 'event.tab', view_id: 'event.view.id' } },
  app_uninstalled: { category: 'system', columns: {} },
  tokens_revoked: { category: 'security', columns: {} },
  team_rename: { category: 'system', title: 'event.name', columns: {} },
  emoji_changed: { category: 'system', title: 'event.name', columns: { subtype: 'event.subtype' } },
  file_created: { category: 'discussion', columns: file },
  file_shared: { category: 'discussion', columns: file },
  file_change: { category: 'discussion', columns: file },
  file_deleted: { category: 'discussion', columns: file },
  slash_command: {
    category: 'discussion',
    title: ['text', 'command'],
    columns: { command: 'command', command_text: 'text' },
  },
  block_actions: {
    category: 'discussion',
    title: ['actions.0.text.text', 'actions.0.action_id'],
    columns: interaction,
  },
  view_submission: { category: 'discussion', title: ['view.title.text', 'view.callback_id'], columns: interaction },
  view_closed: { category: 'discussion', title: ['view.title.text', 'view.callback_id'], columns: interaction },
  shortcut: { category: 'discussion', title: 'callback_id', columns: interaction },
  message_action: { category: 'discussion', title: ['message.text', 'callback_id'], columns: interaction },
};

/** The columns of a Slack event, by its kind. Takes any JSON and never throws. */
export const extractSlack = makeExtractor(slackColumns, slackCommon, slackKinds);
