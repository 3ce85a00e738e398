import { expect, it } from 'vitest';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { dialogOn, expectAccessibleInBoth, expectQuiet, goByPalette, pressInDialog } from './support.ts';
import { demoTasks, runTasks } from './work-data.ts';

const failed_tasks = 120;

describeSignedIn(
  'the pages of the queue, schedules, definitions and limits',
  {
    extraModules: [demoTasks],
    async prepare({ plinth, send, post }) {
      const tasks = [
        ...Array.from({ length: failed_tasks }, (_, n) => ({ task_type: 'demo.flaky', title: `Ask ${n}` })),
        { task_type: 'demo.echo', title: 'Echoed' },
      ];
      await post('/v1/tasks/bulk', { tasks });
      await runTasks(plinth);
      await send('PUT', '/v1/task-definitions/transcribe', {
        description: hostileTexts[0],
        task_type: 'audio.transcribe',
        is_external: true,
        parameter_schema: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
      });
      await send('PUT', '/v1/task-definitions/transcribe', {
        task_type: 'audio.transcribe',
        is_external: true,
        max_retries: 9,
        concurrency_key: 'gpu',
      });
      await post('/v1/task-workers', { name: hostileTexts[1], task_types: ['video.cut'] });
      await post('/v1/task-definitions/transcribe/tasks', { payload: { url: 'x' }, title: hostileTexts[2] });
    },
  },
  (its) => {
    const { signedIn, newPerson } = its;
    const count = async (status: string) => {
      const [row] = await its.plinth.owner<{ n: number }>(
        'select count(*)::int as n from plinth.tasks where status = $1 and deleted_at is null',
        [status],
      );
      return row?.n;
    };

    it('the queue says how deep it is and how tasks fared, with charts; workers say which type nobody serves', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/queue?since=hour');
      await page.getByRole('img', { name: /^Failed\. demo\.flaky: lowest 0, highest \d+/ }).waitFor();
      await page.getByText('No worker serves', { exact: false }).first().waitFor();
      const row = page.getByRole('row', { name: /^demo\.flaky/ });
      expect((await row.innerText()).replace(/\s+/g, ' ')).toContain('120 (100.0 %)');
      expect(await page.getByRole('row', { name: /^audio\.transcribe/ }).innerText()).toContain('no worker');
      await expectAccessibleInBoth(page, 'queue');
      await page.getByLabel('Type', { exact: true }).selectOption('demo.echo');
      await page.getByRole('img', { name: /^Waited\. half of them within: lowest/ }).waitFor();
      expect(new URL(page.url()).search).toBe('?since=hour&type=demo.echo');
      const completed = page.getByRole('img', { name: /^Completed\. demo\.echo: lowest 0, highest 1/ });
      expect((await completed.locator('text').allTextContents()).slice(0, -2)).toEqual(['0', '1']);

      await page
        .getByRole('link', { name: /^Workers/ })
        .last()
        .press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor();
      const alert = page.getByRole('alert');
      expect(await alert.innerText()).toContain('audio.transcribe (1)');
      await page
        .getByRole('row', { name: /video\.cut/ })
        .getByText('alive')
        .waitFor();
      await expectAccessibleInBoth(page, 'workers');
      await page.setViewportSize({ width: 390, height: 800 });
      await expectAccessibleInBoth(page, 'workers');
      expect(await page.evaluate('"hacked" in window')).toBe(false);
      expectQuiet(it);
    });

    it('dead letters are retried one by one, as chosen, and all that match, by keyboard and with their number', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/dead-letters');
      await page.getByRole('link', { name: 'Ask 119', exact: true }).waitFor();
      await expectAccessibleInBoth(page, 'dead letters');
      await page.getByRole('checkbox', { name: 'Choose Ask 119' }).press('Space');
      await page.getByRole('checkbox', { name: 'Choose Ask 118' }).press('Space');
      await page.getByText('2 chosen').waitFor();
      await page.getByRole('button', { name: 'Retry chosen' }).press('Enter');
      const asked = page.getByRole('dialog');
      await pressInDialog(page, 'Retry 2 tasks');
      await page.getByText('2 tasks queued again').waitFor();
      await expect.poll(() => count('pending')).toBe(3);

      await page.getByLabel('Type', { exact: true }).selectOption('demo.echo');
      await page.getByText('No dead letter matches').waitFor();
      await page.getByLabel('Type', { exact: true }).selectOption('demo.flaky');
      // the address changes before the page: a question asked in between would be about the old filter, and is dropped
      const filtered = page.waitForResponse((answer) => answer.url().includes('upstream_down'));
      await page.getByLabel('Error', { exact: true }).fill('upstream_down');
      await page.waitForURL(/error=upstream_down/);
      await filtered;
      await page.getByRole('link', { name: 'Ask 117', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Retry all' }).press('Enter');
      await asked.getByText('Retry 118 tasks?').waitFor();
      const confirm = asked.getByRole('button', { name: 'Retry 118 tasks' });
      expect(await confirm.isDisabled()).toBe(true);
      await asked.getByRole('textbox').fill('118');
      await confirm.press('Enter');
      await page.getByText('118 tasks queued again').waitFor();
      await page.getByText('No dead letter matches').waitFor();
      expect([await count('failed'), await count('pending')]).toEqual([0, 121]);

      // and cancelled, from the list of tasks
      await goByPalette(page, 'jobs', 'Tasks');
      await page.getByText('Choose tasks, or filter').waitFor();
      await page.getByLabel('Type', { exact: true }).selectOption('demo.flaky');
      await page.getByRole('button', { name: 'Cancel all' }).press('Enter');
      await asked.getByText('Cancel 120 tasks?').waitFor();
      await expectAccessibleInBoth(page, 'bulk cancel');
      await asked.getByLabel('Type 120 to confirm').fill('120');
      await asked.getByLabel('Reason').fill('a mistake');
      await page.keyboard.press('Enter');
      await page.getByText('120 tasks cancelled').waitFor();
      expect(await count('cancelled')).toBe(120);
      await page.getByRole('checkbox', { name: 'Choose all rows read so far' }).press('Space');
      await page.getByText(/^\d+ chosen$/).waitFor();
      await page.getByRole('button', { name: 'Choose none' }).press('Enter');
      expectQuiet(it);
    });

    it('a schedule is made with its expression explained, run, paused, changed and deleted, by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/schedules');
      await page.getByText('No schedules yet').waitFor();
      await page.getByRole('link', { name: 'New schedule' }).first().press('Enter');
      await page.getByRole('heading', { level: 1, name: 'New schedule' }).waitFor();
      const says = page.getByRole('status', { name: 'What the expression says' });
      await says.getByText('At 09:00 from Monday to Friday').waitFor();
      await page.getByLabel('Cron expression').fill('61 * * * *');
      await page.getByText('"61" is not between 0 and 59').waitFor();
      expect(it.complaints.splice(0).every((one) => /4\d\d/.test(one))).toBe(true);
      await page.getByLabel('Cron expression').fill('30 2 * * *');
      await page.getByLabel('Time zone').selectOption('Europe/Berlin');
      await says.getByText('At 02:30 every day').waitFor();
      expect(await says.getByRole('listitem').first().innerText()).toContain('2:30');
      await page.getByLabel('Enqueues').selectOption({ label: 'demo.echo' });
      await page.getByLabel('Name').fill('Every night <b>');
      await expectAccessibleInBoth(page, 'new schedule');
      await page.getByLabel('Name').press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Every night <b>' }).waitFor();
      await page.getByText('It has not fired yet').waitFor();
      await page.getByRole('button', { name: 'Run now' }).press('Enter');
      await page.getByRole('link', { name: 'Task, pending' }).waitFor();
      await page.getByRole('button', { name: 'Pause' }).press('Enter');
      await page.getByRole('heading', { name: 'Next times, were it resumed now' }).waitFor();
      await expectAccessibleInBoth(page, 'schedule');
      await page.getByRole('button', { name: 'Resume', disabled: false }).press('Enter');
      await page.getByRole('heading', { name: 'Next times', exact: true }).waitFor();
      await page.getByRole('link', { name: 'Edit' }).press('Enter');
      await says.getByText('At 02:30 every day').waitFor();
      await page.getByLabel('Cron expression').fill('*/10 * * * *');
      await page.getByLabel('Cron expression').press('Enter');
      await page.getByText('Every 10 minutes (Europe/Berlin)').waitFor();
      await page.getByRole('button', { name: 'Delete' }).press('Enter');
      await pressInDialog(page, 'Delete');
      await page.getByText('No schedules yet').waitFor();
      expectQuiet(it);
    });

    it('definitions with their versions, and limits by key; who may only read changes nothing', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/task-definitions');
      await page.getByRole('link', { name: 'transcribe', exact: true }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'transcribe v2' }).waitFor();
      await page.getByText('10 times at most').waitFor();
      await page.getByLabel('Version', { exact: true }).selectOption('1');
      await page.getByRole('heading', { level: 1, name: 'transcribe v1' }).waitFor();
      expect(await page.getByRole('region', { name: 'Schema of the parameters' }).innerText()).toContain('"url"');
      await expectAccessibleInBoth(page, 'task definition');
      await page.getByRole('button', { name: 'Turn off' }).press('Enter');
      await page.getByText('off', { exact: true }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'Task definitions' }).waitFor();
      await expectAccessibleInBoth(page, 'task definitions');

      await it.go('/task-limits');
      await page.getByRole('button', { name: 'New limit' }).first().press('Enter');
      await page.getByLabel('Concurrency key').fill('gpu');
      await page.getByLabel('Rate', { exact: true }).fill('10');
      await page.getByRole('button', { name: 'Save' }).press('Enter');
      await page.getByRole('dialog').getByRole('alert').waitFor();
      expect(it.complaints.splice(0)).toEqual([expect.stringMatching(/4\d\d/)]);
      await page.getByLabel('in so many seconds').fill('60');
      await page.getByLabel('At once').fill('2');
      await page.getByRole('button', { name: 'Save' }).press('Enter');
      const row = page.getByRole('row', { name: /^gpu/ });
      await row.getByText('10 in 1 min').waitFor();
      await row.getByText('0 held').waitFor();
      await expectAccessibleInBoth(page, 'limits');
      await page.getByRole('button', { name: 'Change gpu' }).press('Enter');
      await dialogOn(page, 'Change the limit');
      await page.getByLabel('At once').fill('3');
      await page.keyboard.press('Enter');
      await row.getByText('3', { exact: true }).waitFor();

      const viewer = await signedIn({ width: 390 }, await newPerson('viewer'));
      await viewer.go('/task-limits');
      await viewer.page.getByRole('row', { name: /^gpu/ }).waitFor();
      expect(await viewer.page.getByRole('button', { name: /Change|Remove|New limit/ }).count()).toBe(0);
      await viewer.go('/dead-letters');
      await viewer.page
        .getByText(/No dead letters|Ask/)
        .first()
        .waitFor();
      expect(await viewer.page.getByRole('checkbox').count()).toBe(0);

      await page.getByRole('button', { name: 'Remove gpu' }).press('Enter');
      await pressInDialog(page, 'Remove');
      await page.getByText('No limits yet').waitFor();
      expectQuiet(it);
      expectQuiet(viewer);
    });
  },
);
