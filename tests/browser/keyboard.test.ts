/** The commonest tasks, with no pointer: only keys, and only what has the focus. */
import type { Page } from 'playwright-core';
import { expect, it, vi } from 'vitest';
import { describeSignedIn } from './signed-in.ts';
import { chooseItem, dialogOn, expectQuiet, goByPalette, holdAnswers, openPalette } from './support.ts';
import { demoTasks, makeWorkData } from './work-data.ts';

const tabs_max = 80;

/** What screen readers would call the focused element, as far as these pages name theirs. */
const focusedName = `(() => {
  const one = document.activeElement;
  const label = one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent;
  return label.replace('*', '').trim();
})()`;

async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let tabs = 0; tabs < tabs_max; tabs++) {
    await page.keyboard.press('Tab');
    const focused = String(await page.evaluate(focusedName));
    if (focused === name || focused.startsWith(`${name} `)) return;
    passed.push(focused);
  }
  throw new Error(`Tab does not lead to "${name}", only to: ${passed.join(' | ')}`);
}

/** Chooses of the list that has the focus. A list begins to look anew when a key comes a second late: then once more. */
async function chooseByTyping(page: Page, option: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await page.keyboard.type(option);
      expect(await page.evaluate('document.activeElement.value')).toBe(option);
    },
    { interval: 1_500, timeout: 15_000 },
  );
}

const headed = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

describeSignedIn(
  'by the keyboard alone',
  { extraModules: [demoTasks], prepare: ({ plinth, owner }) => makeWorkData(plinth, owner) },
  (its) => {
    const { signedIn } = its;
    const tasks: Readonly<Record<string, (page: Page) => Promise<void>>> = {
      async 'what failed is found and retried'(page) {
        await goByPalette(page, 'tasks', 'Tasks');
        await tabTo(page, 'Search');
        await page.keyboard.type('other side');
        await page.getByText('1 row', { exact: true }).waitFor();
        await tabTo(page, 'Ask the other side');
        await page.keyboard.press('Enter');
        await headed(page, 'Ask the other side');
        await tabTo(page, 'Retry');
        await page.keyboard.press('Enter');
        await page.getByText('The task is queued again').waitFor();
      },
      async 'a task is enqueued'(page) {
        await goByPalette(page, 'tasks', 'Tasks');
        await tabTo(page, 'Enqueue a task');
        await page.keyboard.press('Enter');
        await headed(page, 'Enqueue a task');
        await tabTo(page, 'Title');
        await page.keyboard.type('By keys');
        await page.keyboard.press('Enter');
        await headed(page, 'By keys');
      },
      async 'a project is made and archived'(page) {
        await goByPalette(page, 'projects', 'Projects');
        await tabTo(page, 'New project');
        await page.keyboard.press('Enter');
        await headed(page, 'New project');
        await tabTo(page, 'Name');
        await page.keyboard.type('Keyed');
        await page.keyboard.press('Enter');
        await headed(page, 'Keyed');
        await tabTo(page, 'Archive');
        await page.keyboard.press('Enter');
        await page.getByText('The project is archived').waitFor();
      },
      async 'a member is invited'(page) {
        await goByPalette(page, 'members', 'Members');
        await tabTo(page, 'Invite a member');
        await page.keyboard.press('Enter');
        await dialogOn(page, 'Invite a member');
        await page.keyboard.type('grace@example.org');
        await page.keyboard.press('Enter');
        await page.getByRole('region', { name: 'Invitation link' }).waitFor();
        await tabTo(page, 'I have it');
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        expect(await page.evaluate(focusedName)).toBe('Invite a member');
      },
      async 'a row is found in a table'(page) {
        await goByPalette(page, 'tables', 'Tables');
        await tabTo(page, 'Search');
        await page.keyboard.type('projects');
        await tabTo(page, 'projects');
        await page.keyboard.press('Enter');
        await headed(page, 'projects');
        await tabTo(page, 'Column');
        await chooseByTyping(page, 'name');
        await tabTo(page, 'Value');
        await page.keyboard.type('Checkout');
        await page.keyboard.press('Enter');
        await page.getByText('1 in all').waitFor();
        await tabTo(page, 'Rows of projects');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await dialogOn(page, 'A row of projects');
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      },
    };

    it.each(Object.keys(tasks))('%s', async (name) => {
      const one = await signedIn();
      await one.go('/');
      await tasks[name]?.(one.page);
      expectQuiet(one);
    });

    it('a dialog gives the focus back to what opened it, also to the button of a menu', async () => {
      const { page, go } = await signedIn();
      const leave = async (dialog: string, opener: string) => {
        await dialogOn(page, dialog);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        expect(await page.evaluate(focusedName)).toBe(opener);
      };
      await go(`/projects/${its.data.projectId}`);
      await page.getByRole('button', { name: 'Delete …' }).press('Enter');
      await leave('Delete this project?', 'Delete …');
      await go('/api-keys');
      const menu = page.getByRole('button', { name: /^Actions for/ }).first();
      await menu.press('Enter');
      await chooseItem(page, 'Revoke');
      await leave('Revoke', String(await menu.getAttribute('aria-label')));
    });

    it('a page that is read late leaves the focus to the palette', async () => {
      const it = await signedIn();
      const release = await holdAnswers(it, '**/v1/tasks/*');
      await it.go(`/tasks/${its.data.failedTask}`);
      await openPalette(it.page);
      release();
      await headed(it.page, 'Ask the other side');
      await it.page.keyboard.type('members');
      expect(await it.page.getByPlaceholder('Where to, or what?').inputValue()).toBe('members');
    });

    it('the first key leads past the navigation', async () => {
      const { page, go } = await signedIn();
      await go('/projects');
      // a page takes the focus to its heading: from the very beginning of it
      await page.evaluate('document.body.tabIndex = -1; document.body.focus()');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(focusedName)).toBe('Skip to the page');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main');
    });
  },
);
