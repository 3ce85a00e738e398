import { expect, it } from 'vitest';
import { hostileFile, makeCodeData } from './code-data.ts';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { dialogOn, expectPagesAccessible, expectQuiet, pageIsRead, pressInDialog } from './support.ts';

describeSignedIn(
  'the pages of projects, repositories and analyses',
  { prepare: ({ plinth, owner }) => makeCodeData(plinth, owner) },
  (its) => {
    const { signedIn, newPerson, post } = its;
    const worstFile = async (run: string) => {
      const answer = await its.plinth.call('GET', `/v1/analysis-runs/${run}`, { key: its.owner.key });
      return (answer.body['worst_files'] as unknown as { id: string; file_path: string }[])[0]!;
    };

    it('open without findings of axe', async () => {
      const it = await signedIn();
      const [, run] = its.data.runs;
      const file = await worstFile(run);
      const pages: readonly [path: string, text: string][] = [
        ['/projects', 'Checkout'],
        ['/projects?search=nothing+is+called+so', 'No project matches'],
        ['/projects/new', 'Git URL'],
        [`/projects/${its.data.projectId}`, 'acme/shop'],
        [`/projects/${its.data.projectId}/edit`, 'Git URL'],
        ['/repositories', 'acme/shop'],
        ['/repositories/new', 'Default branch'],
        [`/repositories/${its.data.repositoryId}`, 'bbbbbbbbbb on main'],
        ['/analysis', 'aaaaaaaaaa on main'],
        [`/analysis/${run}`, 'src/tangled.ts'],
        [`/analysis/${run}/files`, 'src/add.ts'],
        [`/analysis/${run}/files/${file.id}`, 'tangled'],
        ['/issues?status=open', 'src/tangled.ts'],
      ];
      await expectPagesAccessible(it, pages);
      expectQuiet(it);
    }, 120_000);

    it('a project is made, edited, archived and restored by the keyboard alone', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/projects');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('New project');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'New project' }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('Warehouse');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Warehouse' }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Edit');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Edit project' }).waitFor();
      await page.getByLabel('Slug').fill('checkout');
      await page.keyboard.press('Enter');
      // what the server refuses stands at its field
      await page.getByText('a project with the slug "checkout" is there').first().waitFor();
      await page.getByLabel('Slug').fill('stock');
      await page.getByLabel('Due on').fill('2030-01-31');
      await page.getByLabel('Slug').press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Warehouse' }).waitFor();
      await page.getByText('2030-01-31').waitFor();
      await page.getByRole('button', { name: 'Archive' }).press('Enter');
      await page.getByText('archived', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Restore', disabled: false }).press('Enter');
      await page.getByRole('button', { name: 'Archive' }).waitFor();
      await page.getByRole('button', { name: 'Delete …' }).press('Enter');
      await pressInDialog(page, 'Delete the project');
      await page.getByRole('heading', { level: 1, name: 'Projects' }).waitFor();
      await it.go('/projects?status=deleted');
      await page.getByRole('link', { name: 'Warehouse' }).press('Enter');
      await page.getByRole('button', { name: 'Restore', disabled: false }).press('Enter');
      await page.getByRole('button', { name: 'Archive' }).waitFor();
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it('lists are searched, and their filters come back from the address', async () => {
      const it = await signedIn();
      const { page } = it;
      const names = () => page.getByRole('table').getByRole('link').allInnerTexts();
      await post('/v1/projects', { name: '100 % "sure", (really)' });
      await it.go('/projects');
      await page.getByRole('searchbox', { name: 'Search' }).fill('% "sure", (');
      await expect.poll(names).toEqual(['100 % "sure", (really)']);
      await page.reload();
      await expect.poll(names).toEqual(['100 % "sure", (really)']);
      await it.go('/projects?status=archived');
      await page.getByText('No project matches').waitFor();
      await page.getByRole('button', { name: 'Show all projects' }).click();
      await page.getByRole('link', { name: 'Checkout' }).waitFor();
      await it.go(`/analysis?repository=${its.data.repositoryId}&commit=AAAA`);
      await expect.poll(names).toEqual(['aaaaaaaaaa on main', 'acme/shop']);
      await it.go(`/analysis/${its.data.runs[0]}/files?order=path`);
      await expect.poll(names).toEqual([hostileFile, 'src/add.ts', 'src/tangled.ts']);
      await it.go('/issues?severity=info&rule=nothing');
      await page.getByText('No issue matches').waitFor();
      expectQuiet(it);
    });

    it('a repository is added, linked to a project, unlinked, and an analysis of it is started', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/repositories/new');
      await page.getByLabel('Full name').fill('acme/till');
      await page.getByLabel('URL').fill('file:///etc/passwd');
      await page.keyboard.press('Enter');
      await page.getByText('url begins with https://').first().waitFor();
      await page.getByLabel('URL').fill('https://github.com/acme/till');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'acme/till' }).waitFor();
      await page.getByText('Never analysed').waitFor();
      await page.getByRole('button', { name: 'Start an analysis' }).press('Enter');
      const dialog = await dialogOn(page, 'Start an analysis');
      await dialog.getByLabel('Commit').fill('main');
      await page.keyboard.press('Enter');
      await dialog.getByText('A commit has 40 hexadecimal digits').waitFor();
      await dialog.getByLabel('Commit').fill('c'.repeat(40));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Analyse acme/till' }).waitFor();
      const queued = await its.plinth.call('GET', '/v1/tasks?task_type=analysis.run', { key: its.owner.key });
      expect(queued.body['data']).toMatchObject([{ payload: { commit_sha: 'c'.repeat(40), branch: 'main' } }]);

      await it.go(`/projects/${its.data.projectId}`);
      await page.getByRole('button', { name: 'Link a repository' }).press('Enter');
      await page.getByRole('searchbox', { name: 'Search' }).fill('TILL');
      await page.getByRole('button', { name: 'acme/till' }).press('Enter');
      await page.getByRole('link', { name: 'acme/till' }).waitFor();
      await page.getByRole('button', { name: 'Unlink acme/till' }).press('Enter');
      await page.getByRole('link', { name: 'acme/till' }).waitFor({ state: 'detached' });
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });
    });

    it('a run says what its score is made up of, and leads to its files and their functions', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go(`/repositories/${its.data.repositoryId}`);
      const said = await page.getByRole('img', { name: /^Quality score over 2 runs, from/ }).getAttribute('aria-label');
      expect(said).toMatch(/The table below has each value\.$/);
      await page.getByRole('link', { name: 'bbbbbbbbbb on main' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'acme/shop: bbbbbbbbbb on main' }).waitFor();
      const run = (await its.plinth.call('GET', `/v1/analysis-runs/${its.data.runs[1]}`, { key: its.owner.key })).body;
      const made = await page.getByLabel('How the score is made up').first().innerText();
      expect(made).toContain(Number(run['quality_score']).toFixed(1));
      expect(made).toContain('plinth-debt-ratio, version 1');
      expect(await page.getByRole('region', { name: 'Formula' }).innerText()).toBe(run['quality_score_formula']);
      const files = page.getByRole('region', { name: 'Files with the most debt' });
      await files.getByRole('link', { name: 'src/tangled.ts' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'src/tangled.ts' }).waitFor();
      const functions = page.getByRole('table', { name: 'Functions, classes and types' });
      await functions.getByRole('row', { name: /^tangled/ }).waitFor();
      await page.getByRole('table', { name: 'Issues' }).getByRole('row').nth(1).waitFor();
      expectQuiet(it);
    });

    it('who may only read is offered nothing to do; an address of nothing says so', async () => {
      const viewer = await newPerson('viewer');
      const it = await signedIn({}, viewer);
      const { page } = it;
      for (const path of [`/projects/${its.data.projectId}`, `/repositories/${its.data.repositoryId}`]) {
        await it.go(path);
        await page.getByText('acme/shop').first().waitFor();
        const actions = page.getByRole('main').getByText(/^(Edit|Archive|Delete|Remove|Link|Unlink|Start an analysis)/);
        expect(await actions.allInnerTexts(), path).toEqual([]);
      }
      const nobody = '01900000-0000-7000-8000-000000000000';
      for (const path of [
        '/projects/0190',
        `/projects/${nobody}/edit`,
        `/repositories/${nobody}`,
        `/analysis/${nobody}`,
        `/analysis/${its.data.runs[0]}/files/${nobody}`,
        `/analysis/${its.data.runs[0]}/files/x`,
      ]) {
        await it.go(path);
        await page.getByText('There is no such').waitFor();
      }
    });

    it('hostile names are shown, and nothing in them acts', async () => {
      const it = await signedIn();
      const { page } = it;
      const paths = [
        '/projects',
        '/repositories',
        `/analysis/${its.data.runs[0]}`,
        `/analysis/${its.data.runs[0]}/files`,
      ];
      for (const [index, name] of hostileTexts.entries()) {
        const lines = { name: name.slice(0, 200), description: name, goals: [name] };
        for (const [url, body] of [
          ['/v1/projects', lines],
          ['/v1/repositories', { full_name: name.slice(0, 300), languages: [name.slice(0, 50)], default_branch: name }],
        ] as const) {
          // names with control characters the API refuses itself
          const made = await its.plinth.call('POST', url, { key: its.owner.key, body });
          if (made.status === 201 && index % 3 === 0) paths.push(`${url.slice(3)}/${String(made.body['id'])}`);
        }
      }
      expect(paths.length).toBeGreaterThan(8);
      for (const path of paths) {
        await it.go(path);
        await pageIsRead(page);
        expect(await page.evaluate('"hacked" in window'), path).toBe(false);
        expect(await page.getByRole('main').innerText(), path).not.toMatch(
          /[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
        );
        const links = await page
          .locator('main a[href], main img, main iframe, main script')
          .evaluateAll((all) => all.map((one) => `${one.tagName} ${one.getAttribute('href') ?? ''}`));
        for (const link of links) expect(link, path).toMatch(/^A \/o\/acme\//);
      }
      expectQuiet(it);
    }, 120_000);
  },
);
