import {
  type BudgetPeriod,
  type BudgetState,
  budgetPeriods,
  createBudget,
  dollars,
  findBudget,
  listBudgets,
  type Subject,
  type SubjectScope,
  subjectScopes,
  updateBudget,
} from '../../modules/gateway/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { type CommandBody, exitCodes, type OptionValues, printResult, table, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const shown_max = 1_000;

/** The operator of the installation may do what an owner may. */
const ownerOf = (organizationId: string): Scope => ({ as: 'app', organizationId, memberRole: 'owner' });

export const budgetsSet: CommandBody = {
  usage: [
    'budgets set [--limit USD] [--tokens N] [--period day|month|total] [--organization SLUG]',
    '            [--scope organization|project|user|agent|api_key --target ID] [--name NAME] [--timezone ZONE]',
    '            [--on-exceed block|warn] [--unpriced refuse|allow] [--thresholds 50,80,100] [--off | --on]',
  ],
  notes: [
    'Makes the budget of this target and period, or changes what is named of it. Without --period it is a month, without',
    '--scope all calls of the organization count. "none" as --limit or --tokens takes that limit away.',
  ],
  options: {
    organization: { type: 'string' },
    limit: { type: 'string' },
    tokens: { type: 'string' },
    period: { type: 'string' },
    scope: { type: 'string' },
    target: { type: 'string' },
    name: { type: 'string' },
    timezone: { type: 'string' },
    'on-exceed': { type: 'string' },
    unpriced: { type: 'string' },
    thresholds: { type: 'string' },
    off: { type: 'boolean' },
    on: { type: 'boolean' },
  },
  needs: ['gateway'],
  database: 'shared',
  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError('budgets set takes no arguments');
    const period = choice(values, 'period', budgetPeriods) ?? ('month' satisfies BudgetPeriod);
    const subject = subjectOf(values);
    const changes = changesOf(values);
    const plinth = await context.plinth();
    const { platform } = plinth;
    const organization = await findOrganization(plinth, values['organization']);
    const { budget, made } = await platform.door.write(ownerOf(organization.id), async (tx) => {
      const known = await findBudget(tx, subject, period);
      if (known) return { budget: await updateBudget(platform, tx, known.id, changes), made: false };
      return { budget: await createBudget(platform, tx, { ...subject, ...changes, period }), made: true };
    });
    printResult(context, budget, () => [`${made ? 'made' : 'changed'}:`, ...lines([budget])]);
    return exitCodes.fine;
  },
};

export const budgetsList: CommandBody = {
  usage: ['budgets list [--organization SLUG]'],
  options: { organization: { type: 'string' } },
  needs: ['gateway'],
  database: 'shared',
  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError('budgets list takes no arguments');
    const plinth = await context.plinth();
    const { platform } = plinth;
    const organization = await findOrganization(plinth, values['organization']);
    const budgets = await platform.door.read(ownerOf(organization.id), (tx) =>
      listBudgets(platform, tx, { limit: shown_max }),
    );
    printResult(context, budgets, () => (budgets.length === 0 ? ['there are no budgets'] : lines(budgets)));
    return exitCodes.fine;
  },
};

function lines(budgets: readonly BudgetState[]): string[] {
  const amounts = (tokens: number | null, cost: string | null) =>
    [...(cost === null ? [] : [dollars(cost)]), ...(tokens === null ? [] : [`${tokens} tokens`])].join(', ');
  const shown = (of: BudgetState, tokens: number | null, cost: string | null) =>
    amounts(of.token_limit === null ? null : tokens, of.cost_limit === null ? null : cost);
  return table(
    ['scope', 'target', 'period', 'limit', 'spent', 'reserved', 'left', 'ends', 'when exceeded', 'name'],
    budgets.map((one) => [
      one.scope,
      one.project_id ?? one.user_id ?? one.agent_id ?? one.api_key_id ?? '',
      one.period,
      amounts(one.token_limit, one.cost_limit),
      shown(one, one.spent_tokens, one.spent_cost),
      shown(one, one.reserved_tokens, one.reserved_cost),
      shown(one, one.left_tokens, one.left_cost),
      one.period_ends_at?.toISOString() ?? '',
      one.is_active ? one.on_exceed : 'off',
      one.name,
    ]),
  );
}

function subjectOf(values: OptionValues): Subject {
  const scope = choice<SubjectScope>(values, 'scope', subjectScopes) ?? 'organization';
  const target = values['target'] as string | undefined;
  if ((scope === 'organization') !== (target === undefined)) {
    throw new UsageError(scope === 'organization' ? '--target wants --scope' : `--scope ${scope} wants --target`);
  }
  return scope === 'organization' ? { scope } : { scope, [`${scope}_id`]: target };
}

function changesOf(values: OptionValues) {
  const { limit, tokens, name, timezone, thresholds, off, on } = values as Record<string, string | undefined>;
  if (limit !== undefined && limit !== 'none' && !/^[0-9]{1,10}([.][0-9]{1,12})?$/.test(limit)) {
    throw new UsageError('--limit is an amount in US dollars, such as 1.00, or none');
  }
  if (tokens !== undefined && tokens !== 'none' && !/^[0-9]{1,15}$/.test(tokens)) {
    throw new UsageError('--tokens is a number, or none');
  }
  if (thresholds !== undefined && !/^([1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*)?$/.test(thresholds)) {
    throw new UsageError('--thresholds are percents, such as 50,80,100');
  }
  if (off && on) throw new UsageError('--off or --on');
  const on_exceed = choice(values, 'on-exceed', ['block', 'warn'] as const);
  const unpriced = choice(values, 'unpriced', ['refuse', 'allow'] as const);
  return {
    ...(limit === undefined ? {} : { cost_limit: limit === 'none' ? null : limit }),
    ...(tokens === undefined ? {} : { token_limit: tokens === 'none' ? null : Number(tokens) }),
    ...(thresholds === undefined ? {} : { thresholds: thresholds.split(',').map(Number) }),
    ...(name === undefined ? {} : { name }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(on_exceed === undefined ? {} : { on_exceed }),
    ...(unpriced === undefined ? {} : { unpriced }),
    ...(off || on ? { is_active: on !== undefined } : {}),
  };
}

function choice<T extends string>(values: OptionValues, name: string, known: readonly T[]): T | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  const found = known.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${name} is one of ${known.join(', ')}`);
  return found;
}
