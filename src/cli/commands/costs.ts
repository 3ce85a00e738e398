import {
  costReport,
  csvOf,
  dimensionFields,
  dimensionsOf,
  formatUsd,
  parseUsd,
  type Repriced,
  reportSpan,
  repriceCosts,
  zoneOf,
} from '../../modules/gateway/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { type CommandBody, type CommandContext, exitCodes, type OptionValues, printResult, table } from '../command.ts';
import { findOrganization } from '../organization.ts';

const rows_max = 1_000;
const span = {
  since: { type: 'string' },
  until: { type: 'string' },
  provider: { type: 'string' },
  model: { type: 'string' },
  organization: { type: 'string' },
} as const;

export const costsReport: CommandBody = {
  usage: [
    'costs report [--by model,day] [--since TIME] [--until TIME] [--zone ZONE] [--organization SLUG] [--csv]',
    'costs report --provider PROVIDER --model MODEL …           (of these calls alone)',
  ],
  notes: [
    'Up to three of user, agent, agent_type, project, api_key, provider, model and day. Without a time it is of this month, in the',
    "organization's time zone. Calls without a price are counted as such, and are not in the cost.",
  ],
  options: { ...span, by: { type: 'string' }, zone: { type: 'string' }, csv: { type: 'boolean' } },
  database: 'shared',
  needs: ['gateway'],
  async run(context, { values }) {
    const { platform, scope } = await scopeOf(context, values);
    const text = textsOf(values);
    const by = dimensionsOf(text('by') ?? 'model');
    const report = await platform.door.read(scope, async (tx) => {
      const zone = await zoneOf(tx, text('zone'));
      const time = reportSpan({ ...definedTimes(text) }, zone, platform.clock.now());
      const filter = { ...time, provider: text('provider'), model: text('model') };
      return { ...time, time_zone: zone, by, ...(await costReport(tx, by, filter, { zone, limit: rows_max })) };
    });
    const fields = [...by.map((one) => dimensionFields[one]), 'calls', 'unpriced_calls', 'total_tokens', 'total_cost'];
    const cells = report.rows.map((row) =>
      fields.map((field) => (row as Readonly<Record<string, string | number | null>>)[field]),
    );
    if (values['csv'] === true && !context.json) {
      context.out(csvOf(fields, cells).trimEnd());
      return exitCodes.fine;
    }
    printResult(context, report, () => [
      ...table(
        fields,
        cells.map((row) => row.map((cell) => String(cell ?? ''))),
      ),
      `${report.total.calls} calls, ${report.total.unpriced_calls} without a price, $${report.total.total_cost}` +
        (report.is_complete ? '' : ` (the first ${rows_max} rows are shown)`),
    ]);
    return exitCodes.fine;
  },
};

export const costsReprice: CommandBody = {
  usage: ['costs reprice --since TIME --until TIME [--provider PROVIDER] [--model MODEL] [--organization SLUG]'],
  notes: [
    'Prices the calls of a time again, by the prices that are known now for when they were made: after prices have changed, or',
    'became known. Done twice it changes nothing the second time; interrupted, the same call goes on. Default: this month.',
  ],
  options: span,
  database: 'shared',
  needs: ['gateway'],
  async run(context, { values }) {
    const { platform, scope } = await scopeOf(context, values);
    const text = textsOf(values);
    const time = await platform.door.read(scope, async (tx) =>
      reportSpan(definedTimes(text), await zoneOf(tx, undefined), platform.clock.now()),
    );
    let done: Repriced | undefined;
    do {
      const part = await repriceCosts(platform, scope, {
        ...time,
        provider: text('provider'),
        model: text('model'),
        after: done?.next ?? undefined,
      });
      done = done ? together(done, part) : part;
      context.progress(`${done.examined} examined, ${done.changed} changed`);
    } while (done.next !== null && !context.signal.aborted);
    context.progress('');
    const whole = done;
    printResult(context, whole, () => [
      `${whole.examined} examined, ${whole.changed} changed, ${whole.unpriced} without a price`,
      `$${whole.cost_before} became $${whole.cost_after}: a difference of $${whole.difference}`,
    ]);
    return done.next === null ? exitCodes.fine : exitCodes.finding;
  },
};

async function scopeOf(context: CommandContext, values: OptionValues) {
  const plinth = await context.plinth();
  const { id: organizationId } = await findOrganization(plinth, values['organization']);
  const scope: Scope = { as: 'app', organizationId, memberRole: 'service' };
  return { platform: plinth.platform, scope };
}

function textsOf(values: OptionValues): (name: string) => string | undefined {
  return (name) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
}

function definedTimes(text: (name: string) => string | undefined): { since?: string; until?: string } {
  const [since, until] = [text('since'), text('until')];
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

function together(one: Repriced, other: Repriced): Repriced {
  const sum = (name: 'cost_before' | 'cost_after' | 'difference') => formatUsd(signed(one[name]) + signed(other[name]));
  return {
    examined: one.examined + other.examined,
    changed: one.changed + other.changed,
    unpriced: one.unpriced + other.unpriced,
    cost_before: sum('cost_before'),
    cost_after: sum('cost_after'),
    difference: sum('difference'),
    next: other.next,
  };
}

const signed = (usd: string): bigint => (usd.startsWith('-') ? -(parseUsd(usd.slice(1)) ?? 0n) : (parseUsd(usd) ?? 0n));
