import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SamplePayload, sendEvents } from '../../client/send-events.ts';
import type { Plinth } from '../../plinth.ts';
import { type CommandBody, type CommandContext, exitCodes } from '../command.ts';
import { readEnvFile, writeEnvFile } from '../demo/env-file.ts';
import { publishedPayloads, pushPayload } from '../demo/payloads.ts';
import { type DemoTenant, makeTenant } from '../demo/tenant.ts';

const slugs = ['acme', 'globex'] as const;
const poll_ms = 250;
const wait_ms_max = 300_000;

interface Source {
  readonly path: string;
  /** A folder to be removed afterwards. */
  readonly temporary?: string;
}

interface Report {
  readonly tenants: readonly string[];
  readonly webhooks: {
    sent: number;
    stored: number;
    duplicates_of_it: number;
    sent_again_new: number;
    sent_again_duplicates: number;
  };
  readonly tampered: { status: number; code: string; stored: number };
  readonly tasks: Readonly<Record<string, number>>;
  readonly analysis: readonly Record<string, unknown>[];
  readonly env_file: string;
}

export const demo: CommandBody = {
  usage: ['demo [--source PATH]'],
  options: { source: { type: 'string' } },
  database: 'shared',
  migrates: true,
  needs: ['events', 'analysis'],
  async run(context, { values }) {
    const plinth = await context.plinth();
    const url = plinth.url ?? (await startHere(context, plinth));
    const envFile = resolve(context.cwd, '.env.plinth');
    const known = await readEnvFile(envFile);
    const source =
      typeof values['source'] === 'string' ? { path: resolve(context.cwd, values['source']) } : await ownSource();
    try {
      const tenants: DemoTenant[] = [];
      for (const slug of slugs) tenants.push(await makeTenant(plinth, slug, source.path, known, url, context.signal));
      await writeEnvFile(envFile, environmentOf(url, tenants));
      if (!context.json) context.out(`tenants   ${slugs.join(', ')}     keys in .env.plinth`);
      const report = { ...(await sendEverything(context, plinth, tenants)), env_file: envFile };
      if (context.json) context.out(JSON.stringify(report));
      return report.tampered.stored === 0 && report.webhooks.sent_again_new === 0 ? exitCodes.fine : exitCodes.finding;
    } finally {
      if (source.temporary) await rm(source.temporary, { recursive: true, force: true });
    }
  },
};

/** No server is running: this process serves and works for as long as the demo takes. */
async function startHere(context: CommandContext, plinth: Plinth): Promise<string> {
  context.note('no server is running here: the demo starts its own; `plinth up` keeps one running');
  plinth.work();
  return (await plinth.listen({ port: 0 })).url;
}

async function sendEverything(
  context: CommandContext,
  plinth: Plinth,
  tenants: readonly DemoTenant[],
): Promise<Omit<Report, 'env_file'>> {
  const payloads = await publishedPayloads();
  const send = async (tenant: DemoTenant, some: readonly SamplePayload[]) => {
    const summary = await sendEvents({
      hook: tenant.hook,
      secret: tenant.secret,
      payloads: some,
      concurrency: 8,
      signal: context.signal,
      onProgress: ({ sent, total }) => context.progress(`${tenant.slug}: ${sent} of ${total} webhooks`),
    });
    context.progress('');
    return summary;
  };
  const webhooks = { sent: 0, stored: 0, duplicates_of_it: 0, sent_again_new: 0, sent_again_duplicates: 0 };
  for (const tenant of tenants) {
    const all = [...payloads, pushPayload({ fullName: tenant.repository.full_name, ...tenant.repository })];
    const first = await send(tenant, all);
    const again = await send(tenant, all);
    webhooks.sent += all.length;
    webhooks.stored += first.stored;
    webhooks.duplicates_of_it += first.duplicates;
    webhooks.sent_again_new += again.stored;
    webhooks.sent_again_duplicates += again.duplicates;
  }
  const tampered = await sendTampered(tenants[0]!);
  if (!context.json) {
    context.out(
      `webhooks  ${webhooks.sent} signed, ${webhooks.stored} stored, ${webhooks.duplicates_of_it} known already; ` +
        `sent again: ${webhooks.sent_again_new} new, ${webhooks.sent_again_duplicates} duplicates`,
    );
    context.out(`tampered  1 byte changed: ${tampered.status} ${tampered.code}, stored: ${tampered.stored}`);
  }
  await waitForWork(context, plinth, tenants);
  const tasks: Record<string, number> = {};
  const analysis: Record<string, unknown>[] = [];
  for (const tenant of tenants) await collect(plinth, tenant, tasks, analysis);
  if (!context.json) for (const line of describeResults(tasks, analysis)) context.out(line);
  return { tenants: [...slugs], webhooks, tampered, tasks, analysis };
}

/** A payload with one byte changed after it was signed. */
async function sendTampered(tenant: DemoTenant): Promise<Report['tampered']> {
  const payload = pushPayload({ fullName: 'mallory/elsewhere', head: 'f'.repeat(40), branch: 'main' });
  const changed = String(payload.body).replace('mallory', 'mallorx');
  const { results, stored } = await sendEvents({
    hook: tenant.hook,
    secret: tenant.secret,
    payloads: [{ ...payload, sentBody: changed }],
  });
  return { status: results[0]?.status ?? 0, code: results[0]?.code ?? '', stored };
}

async function waitForWork(context: CommandContext, plinth: Plinth, tenants: readonly DemoTenant[]): Promise<void> {
  const until = Date.now() + wait_ms_max;
  for (const { organizationId, slug } of tenants) {
    for (;;) {
      const [left] = await plinth.platform.door.readOne<{ events: number; tasks: number }>(
        { as: 'app', organizationId },
        `select (select count(*)::int from plinth.events where organization_id = $1 and status = 'pending') as events,
                (select count(*)::int from plinth.tasks where organization_id = $1 and status not in ('completed', 'failed', 'cancelled')) as tasks`,
        [organizationId],
      );
      if (!left || left.events + left.tasks === 0) break;
      if (context.signal.aborted || Date.now() > until)
        throw new Error(`${slug}: ${left.events} events and ${left.tasks} tasks are still waiting`);
      context.progress(`${slug}: ${left.events} events to match, ${left.tasks} tasks to run`);
      await plinth.platform.clock.sleep(poll_ms, context.signal);
    }
  }
  context.progress('');
}

async function collect(
  plinth: Plinth,
  tenant: DemoTenant,
  tasks: Record<string, number>,
  analysis: Record<string, unknown>[],
): Promise<void> {
  const scope = { as: 'app', organizationId: tenant.organizationId } as const;
  const outcomes = await plinth.platform.door.readOne<{ outcome: string; count: number }>(
    scope,
    `select coalesce(results ->> 'outcome', status) as outcome, count(*)::int as count
     from plinth.tasks where organization_id = $1 group by 1 order by 1`,
    [tenant.organizationId],
  );
  for (const { outcome, count } of outcomes) tasks[outcome] = (tasks[outcome] ?? 0) + count;
  const runs = await plinth.platform.door.readOne(
    scope,
    `select $2::text as organization, r.full_name as repository, a.files_total as files, a.functions_total as functions,
            a.issues_total as issues, a.quality_score::float8 as score, a.rating,
            extract(epoch from a.completed_at - a.started_at)::float8 as seconds,
            (select f.file_path from plinth.file_analysis f
             where f.organization_id = a.organization_id and f.run_id = a.id order by f.debt_minutes desc, f.file_path limit 1) as worst_file
     from plinth.analysis_runs a
     join plinth.repositories r on r.organization_id = a.organization_id and r.id = a.repository_id
     where a.organization_id = $1 and a.status = 'completed' and a.repository_id = $3
     order by a.id desc limit 1`,
    [tenant.organizationId, tenant.slug, tenant.repository.id],
  );
  analysis.push(...runs);
}

function describeResults(
  tasks: Readonly<Record<string, number>>,
  analysis: readonly Record<string, unknown>[],
): string[] {
  const outcomes = Object.entries(tasks).map(([outcome, count]) => `${count} ${outcome}`);
  return [
    `tasks     ${outcomes.join(', ')}`,
    ...analysis.map(
      ({ repository, files, seconds, score, rating, worst_file }) =>
        `analysis  ${repository}: ${files} files, ${Number(seconds).toFixed(1)} s: score ${score} (${rating}), worst ${worst_file ?? 'none'}`,
    ),
    '',
    'next      source .env.plinth',
    '          curl -s "$PLINTH_URL/rest/v1/events?select=type,title&limit=3" -H "Authorization: Bearer $PLINTH_KEY"',
  ];
}

function environmentOf(url: string, tenants: readonly DemoTenant[]): Map<string, string> {
  const [first] = tenants;
  const values = new Map([
    ['PLINTH_URL', url],
    ['PLINTH_KEY', first!.key],
    ['PLINTH_HOOK', first!.hook],
    ['PLINTH_HOOK_SECRET', first!.secret],
  ]);
  for (const { slug, key, hook, secret } of tenants) {
    const name = slug.toUpperCase();
    values.set(`PLINTH_KEY_${name}`, key).set(`PLINTH_HOOK_${name}`, hook).set(`PLINTH_HOOK_SECRET_${name}`, secret);
  }
  return values;
}

/** Plinth's own source as a git repository: the checkout, or (installed as a package) a copy that is committed once. */
async function ownSource(): Promise<Source> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  if (existsSync(join(root, '.git'))) return { path: root };
  const temporary = await mkdtemp(join(tmpdir(), 'plinth-demo-'));
  const from = [join(root, 'src'), join(root, 'dist')].find((folder) => existsSync(folder)) as string;
  await cp(from, join(temporary, 'src'), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', temporary, '-c', 'user.name=demo', '-c', 'user.email=demo@plinth.example', ...args], {
      stdio: 'ignore',
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'Demo');
  return { path: temporary, temporary };
}
