import { expect, it } from 'vitest';
import { makeCodeData } from './code-data.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { expectPagesAccessible, expectQuiet, keepPicture, pageIsRead } from './support.ts';

const many_rows = 100_000;
const few_rows = 2_500;
/** Within a statement's time limit on a busy machine too. */
const rows_per_insert = 5_000;
const drawn_rows_max = 500;

describeSignedIn(
  'the table browser',
  {
    async prepare({ plinth, owner, newPerson, post }) {
      const data = { ...(await makeCodeData(plinth, owner)), member: await newPerson('member') };
      for (const name of ['Bakery', 'Aquarium']) await post('/v1/projects', { name, priority: 7 });
      return data;
    },
  },
  (its) => {
    const { signedIn } = its;
    const rowOf = (id: string) => new URLSearchParams({ row: JSON.stringify({ id }) });

    it('opens without findings of axe', async () => {
      const it = await signedIn();
      const pages: readonly [path: string, text: string][] = [
        ['/tables', 'analysis_runs'],
        ['/tables?search=nothing+is+called+so', 'No table matches'],
        ['/tables/projects?f.priority=gte.1&columns=name,slug,priority&order=name.asc', 'Aquarium'],
        ['/tables/projects?f.name=eq.nothing', 'No row matches'],
        [`/tables/projects?${rowOf(its.data.projectId)}`, 'A row of projects'],
        ['/tables/projects?as=viewer', 'Seen as any viewer'],
      ];
      await expectPagesAccessible(it, pages);
      expectQuiet(it);
    }, 120_000);

    it('lists what the API exposes to the user, and shows the rows it returns', async () => {
      const it = await signedIn({}, its.data.member);
      const { page } = it;
      await it.go('/tables');
      const { body } = await its.plinth.call('GET', '/rest/v1', { key: its.data.member.key });
      const names = (body['data'] as unknown as { name: string }[]).map(({ name }) => name);
      expect(names).toContain('file_analysis');
      const table = page.getByRole('table', { name: 'Tables' });
      await expect.poll(async () => await table.getByRole('link').first().innerText()).toBe(names[0]);
      await page.getByText(`${names.length} rows`).waitFor();
      await page.getByRole('searchbox', { name: 'Search' }).fill('file_an');
      await expect.poll(() => table.getByRole('link').allInnerTexts()).toEqual(['file_analysis']);
      // more digits than a double has
      await its.plinth.owner(
        `update plinth.file_analysis set size_bytes = 9007199254740993 where file_path = 'src/add.ts'`,
      );
      await table.getByRole('link').press('Enter');
      await page.getByRole('heading', { level: 1, name: 'file_analysis' }).waitFor();
      await page
        .getByRole('row', { name: /9007199254740993/ })
        .first()
        .waitFor();
      await page.getByText('6 in all').waitFor();
      expectQuiet(it);
    });

    it('filters, order and columns live in the address; the request shown gives the same rows', async () => {
      const it = await signedIn();
      const { page } = it;
      const cells = () => page.getByRole('table').getByRole('row').getByRole('button').allInnerTexts();
      await it.go('/tables/projects?columns=name,priority');
      await expect.poll(cells).toEqual(['Aquarium', 'Bakery', 'Checkout']);
      await page.getByLabel('Order').selectOption('name.asc');
      await page
        .getByRole('form', { name: 'Add a filter' })
        .getByLabel('Column', { exact: true })
        .selectOption('priority');
      await page.getByLabel('Condition').selectOption('gt');
      await page.getByLabel('Value').fill('3');
      await page.keyboard.press('Enter');
      await expect.poll(cells).toEqual(['Aquarium', 'Bakery']);
      await page.getByLabel('Order').selectOption('name.desc');
      await expect.poll(cells).toEqual(['Bakery', 'Aquarium']);
      expect(new URL(page.url()).searchParams.get('f.priority')).toBe('gt.3');
      await page.reload();
      await expect.poll(cells).toEqual(['Bakery', 'Aquarium']);
      await page.getByText('2 in all').waitFor();

      const curl = await page.getByRole('region', { name: 'The request' }).innerText();
      const url = new URL(/'(http[^']+)'$/.exec(curl)?.[1] ?? '');
      const same = await its.plinth.call('GET', url.pathname + url.search, { key: its.owner.key });
      expect(same.body).toMatchObject([{ name: 'Bakery' }, { name: 'Aquarium' }]);

      await page.getByRole('button', { name: 'Remove the filter priority=gt.3' }).press('Enter');
      await expect.poll(cells).toEqual(['Checkout', 'Bakery', 'Aquarium']);
      await page.getByRole('button', { name: 'Columns: 2 of' }).press('Enter');
      await page.getByRole('checkbox', { name: 'slug' }).press(' ');
      await page.getByRole('columnheader', { name: 'slug' }).waitFor();
      expect(new URL(page.url()).searchParams.get('columns')).toBe('name,slug,priority');
      expectQuiet(it);
    });

    it('a row opens by the keyboard, with its keys leading on; a mistake in a filter is the API\u2019s answer', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/tables/project_repositories?columns=id');
      await page.getByRole('table').getByRole('row').getByRole('button').press('Enter');
      const drawer = page.getByRole('dialog', { name: 'A row of project_repositories' });
      await drawer.getByRole('link', { name: its.data.projectId }).waitFor();
      await page.reload();
      await drawer.getByRole('link', { name: its.data.projectId }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'projects' }).waitFor();
      await page.getByText('Checkout').first().waitFor();
      await it.go('/tables/projects?f.priority=eq.many');
      await page.getByRole('alert').getByText('priority').first().waitFor();
      await it.go(`/tables/projects?${rowOf('01900000-0000-7000-8000-000000000000')}`);
      await page.getByText('There is no such row').waitFor();
      await it.go('/tables/projects?row=%7B%22__proto__%22%3A1%7D');
      await page.getByText('There is no such row').waitFor();
      await it.go('/tables/no_such_table');
      await page.getByText('There is no such table').waitFor();
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it('an owner looks as a role and as a member; a member is not offered it, and refused when they try', async () => {
      const it = await signedIn();
      const { page } = it;
      // the list draws what is in sight
      await it.go('/tables?search=projects');
      await page.getByLabel('View as').selectOption({ label: 'Any viewer' });
      await page.getByText('Seen as any viewer').waitFor();
      const verbs = page.getByRole('table', { name: 'Tables' }).getByRole('row', { name: /^projects / });
      await expect.poll(() => verbs.innerText()).toMatch(/projects\s+projects\s+select\s+\d+/);
      await verbs.getByRole('link').press('Enter');
      await page.getByText('Seen as any viewer').waitFor();
      // what was asked as the viewer may still be under way
      const asked = page.waitForRequest(
        (request) =>
          request.url().includes('/rest/v1/projects?') &&
          request.headers()['plinth-view-as'] === its.data.member.userId,
      );
      await page.getByLabel('View as').selectOption(its.data.member.userId);
      await asked;
      await page.getByText('Seen as A member').waitFor();
      expect(await page.getByRole('region', { name: 'The request' }).innerText()).toContain(
        `-H 'Plinth-View-As: ${its.data.member.userId}'`,
      );
      const { body } = await its.plinth.call('GET', '/v1/audit?action=view_as', { key: its.owner.key });
      expect(JSON.stringify(body)).toContain(its.data.member.userId);

      const other = await signedIn({}, its.data.member);
      await other.go('/tables/projects');
      expect(await other.page.getByLabel('View as').count()).toBe(0);
      await other.go('/tables/projects?as=owner');
      await other.page.getByText('You can not look as somebody else here').first().waitFor();
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it('hostile text in rows and in the address is shown, and nothing in it acts', async () => {
      const it = await signedIn();
      const { page } = it;
      for (const name of hostileTexts) {
        await its.plinth.call('POST', '/v1/projects', {
          key: its.owner.key,
          body: { name: name.slice(0, 200), goals: [name] },
        });
      }
      const bad = hostileTexts[1] as string;
      const addresses = [
        '/tables/projects',
        `/tables/${encodeURIComponent('<img src=x onerror=window.hacked=1>')}`,
        `/tables/projects?${new URLSearchParams({ 'f.name': `eq.${bad}`, order: `${bad}.desc`, columns: bad, as: bad })}`,
        `/tables/projects?${new URLSearchParams({ [`f.${bad}`]: bad, row: bad })}`,
        `/tables?${new URLSearchParams({ search: bad, as: `${bad}\r\nx: y` })}`,
      ];
      for (const path of addresses) {
        await it.go(path);
        await pageIsRead(page);
        expect(await page.evaluate('"hacked" in window'), path).toBe(false);
        expect(await page.getByRole('main').innerText(), path).not.toMatch(
          /[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
        );
        expect(await page.locator('main img, main iframe, main script').count(), path).toBe(0);
      }
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it.each([
      ['start_line', 'desc'],
      ['start_line', 'asc'],
      ['element_path', 'desc'],
      ['value', 'asc'],
      ['created_at', 'desc'],
    ] as const)('pages in the order of %s, %s, miss and repeat nothing', async (column, direction) => {
      // few values, nulls among them, and text that would end a value or a list of the dialect
      await its.plinth.owner(
        `insert into plinth.issues (organization_id, repository_id, fingerprint, rule_id, severity, message, file_path,
           remediation_minutes, first_run_id, last_run_id, start_line, element_path, value)
         select $1, $2, 'few-' || n, 'few.rows', 'minor', 'Few ' || n, 'src/few.ts', 1, $3, $3,
           nullif(n % 5, 0), case n % 4 when 1 then 'a","b)' when 2 then '\\(%' when 3 then '' end, n % 3 / 3.0
         from generate_series(1, $4::int) n
         on conflict do nothing`,
        [its.owner.organizationId, its.data.repositoryId, its.data.runs[0], few_rows],
      );
      const it = await signedIn();
      const { page } = it;
      const pages: Promise<{ id: string }[]>[] = [];
      page.on('response', (response) => {
        const url = new URL(response.url());
        if (url.pathname !== '/rest/v1/issues' || !url.searchParams.has('order')) return;
        pages.push(response.json());
      });
      const query = { 'f.rule_id': 'eq.few.rows', columns: 'message', order: `${column}.${direction}` };
      await it.go(`/tables/issues?${new URLSearchParams(query)}`);
      const table = page.getByRole('table', { name: 'Rows of issues' });
      await expect
        .poll(async () => {
          await table.evaluate((window) => window.scrollTo(0, window.scrollHeight));
          return await page.getByText(/^[\d,]+ rows( so far)?$/).innerText();
        })
        .toBe(`${few_rows.toLocaleString('en')} rows`);
      expect(pages.length).toBeGreaterThan(2);
      const ids = (await Promise.all(pages)).flat().map(({ id }) => id);
      expect(new Set(ids).size).toBe(few_rows);
      const inOrder = await its.plinth.owner<{ id: string }>(
        `select id from plinth.issues where rule_id = 'few.rows' order by ${column} ${direction} nulls last, id`,
      );
      expect(ids).toEqual(inOrder.map(({ id }) => id));
      expectQuiet(it);
    });

    it('100,000 rows scroll to their end: few are drawn, and pages begin at a cursor', async () => {
      for (let first = 1; first <= many_rows; first += rows_per_insert) {
        await its.plinth.owner(
          `insert into plinth.issues (organization_id, repository_id, fingerprint, rule_id, severity, message, file_path,
             remediation_minutes, first_run_id, last_run_id)
           select $1, $2, 'many-' || n, 'many.rows', 'minor', 'Issue ' || n, 'src/many.ts', 1, $3, $3
           from generate_series($4::int, $5::int) n`,
          [its.owner.organizationId, its.data.repositoryId, its.data.runs[0], first, first + rows_per_insert - 1],
        );
      }
      const it = await signedIn();
      const { page } = it;
      const asked: URL[] = [];
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.pathname === '/rest/v1/issues' && url.searchParams.has('order')) asked.push(url);
      });
      await it.go('/tables/issues?f.rule_id=eq.many.rows&columns=message,severity');
      await page.getByText(`${many_rows.toLocaleString('en')} in all`).waitFor();
      const table = page.getByRole('table', { name: 'Rows of issues' });
      const drawn = () => table.getByRole('row').count();
      let most = 0;
      await expect
        .poll(
          async () => {
            await table.evaluate((window) => window.scrollTo(0, window.scrollHeight));
            most = Math.max(most, await drawn());
            return await page.getByText(/^[\d,]+ rows( so far)?$/).innerText();
          },
          { timeout: 240_000, interval: 50 },
        )
        .toBe(`${many_rows.toLocaleString('en')} rows`);
      await table.evaluate((window) => window.scrollTo(0, window.scrollHeight));
      // the newest come first, so the last is the one made first
      await expect.poll(() => table.getByRole('row').last().innerText()).toMatch(/^Issue 1\s+minor$/);
      expect(await table.getAttribute('aria-rowcount')).toBe(String(many_rows + 1));
      await keepPicture(page, 'tables 100000 rows');
      expect(Math.max(most, await drawn())).toBeLessThan(drawn_rows_max);
      expect(await page.locator('*').count()).toBeLessThan(3_000);
      expect(asked[0]?.searchParams.get('and')).toBe(null);
      for (const { searchParams } of asked.slice(1)) {
        expect(searchParams.get('and')).toMatch(/^\(id\.lt\."[0-9a-f-]{36}"\)$/);
        expect(searchParams.has('offset')).toBe(false);
      }
      expect(new Set(asked.map(({ search }) => search)).size).toBe(asked.length);
      // back at the top, and half way, without reading anything anew
      const requests = asked.length;
      await table.evaluate((window) => window.scrollTo(0, window.scrollHeight / 2));
      await expect.poll(drawn).toBeGreaterThan(10);
      await table.evaluate((window) => window.scrollTo(0, 0));
      await expect.poll(async () => await table.getByRole('row').nth(1).getAttribute('aria-rowindex')).toBe('2');
      expect(asked.length).toBe(requests);
      expectQuiet(it);
    }, 300_000);
  },
);
