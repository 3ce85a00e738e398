import { expect, it } from 'vitest';
import { describeSignedIn } from './signed-in.ts';
import { expectAccessibleInBoth, expectQuiet, goByPalette, pressInDialog } from './support.ts';
import { demoWorkflows, hostileStep, makeWorkflowData, runWorkflows } from './workflow-data.ts';

describeSignedIn(
  'the pages of workflows',
  {
    extraModules: [demoWorkflows],
    prepare: ({ plinth, owner }) => makeWorkflowData(plinth, owner),
  },
  (its) => {
    const { signedIn, newPerson, post } = its;

    it('a run of code: found by its filters, drawn with states, read as a table, sent an event, by keyboard', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go('/workflow-runs');
      const rows = page.getByRole('table', { name: 'Workflow runs' }).getByRole('link');
      await expect.poll(() => rows.count()).toBe(4);
      await expectAccessibleInBoth(page, 'workflow runs');
      await page.getByLabel('Status').selectOption('failed');
      await expect.poll(() => rows.allInnerTexts()).toEqual(['broken v1']);
      await page.getByLabel('Status').selectOption('waiting');
      await page.getByLabel('Correlation key').fill('order-17');
      await expect.poll(() => rows.allInnerTexts()).toEqual(['order v2']);
      expect(new URL(page.url()).search).toBe('?status=waiting&key=order-17');
      await rows.first().press('Enter');
      await page.getByRole('heading', { level: 1, name: 'order v2' }).waitFor();

      const picture = page.getByRole('group', { name: /^Picture of the steps/ });
      const boxes = picture.getByRole('button');
      // retried step, two branches, twelve folded into one, and what waits for people
      await expect.poll(() => boxes.count()).toBe(5);
      expect(await boxes.first().innerText()).toMatch(/reserve payment\s+completed\s+attempt 2 · /);
      expect(await picture.getByRole('button', { name: /^lines/ }).innerText()).toMatch(
        /lines, 12 branches\s+completed\s+24 of 24 completed/,
      );
      // one stop of Tab; arrows along the lines, Enter chooses
      await boxes.first().focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await expect.poll(() => page.evaluate('document.activeElement.dataset.id')).toBe('lines/');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Draw all 12 branches' }).press('Enter');
      await picture.getByRole('button', { name: /^pick/ }).first().waitFor();
      // what is out of sight is not drawn; smaller, all of it is in sight
      expect(await boxes.count()).toBeLessThan(28);
      for (let presses = 0; presses < 3; presses++) await page.getByRole('button', { name: 'Smaller' }).press('Enter');
      await expect.poll(() => boxes.count()).toBe(28);
      expect(new URL(page.url()).searchParams.get('open')).toBe('lines/');
      // the same as a table, with the order
      const table = page.getByRole('table', { name: 'Steps' });
      expect(await table.getByRole('row').nth(4).innerText()).toMatch(
        /lines\/0\/pick[\s\S]*all\/0\/print\.label, all\/1/,
      );
      expect(await table.getAttribute('aria-rowcount')).toBe('29');

      await page.getByRole('button', { name: 'all/0/print.label' }).press('Enter');
      const panel = page.getByRole('region', { name: 'Step all/0/print.label' });
      await panel.getByRole('region', { name: 'Input' }).waitFor();
      expect(await panel.getByRole('region', { name: 'Result' }).innerText()).toContain('"order": "17"');
      await expectAccessibleInBoth(page, 'run of code');
      await page.reload();
      await panel.waitFor();
      await page.getByRole('button', { name: 'lines/0/pack' }).press('Enter');
      await page.getByRole('button', { name: 'Show the result, which is large' }).press('Enter');
      await page.getByRole('region', { name: 'Result' }).waitFor();
      await page.getByRole('button', { name: hostileStep }).first().click();
      await page.getByRole('region', { name: /^Step all\/1/ }).waitFor();
      expect(await page.evaluate('"hacked" in window')).toBe(false);

      // paused, resumed; then asked by what it waits for
      await page.getByRole('button', { name: 'Pause' }).press('Enter');
      await page.getByRole('button', { name: 'Resume', disabled: false }).press('Enter');
      await page.getByText('The run goes on').waitFor();
      const chooseLast = async () => {
        await boxes.first().focus();
        await page.keyboard.press('End');
        const other = /^(?!reserve payment$)./;
        await expect.poll(() => page.evaluate('document.activeElement.dataset.id ?? ""')).toMatch(other);
        await page.keyboard.press('Enter');
      };
      await chooseLast();
      await page.getByRole('link', { name: 'the approval' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Ship order 17 <b>today</b>?' }).waitFor();
      await expectAccessibleInBoth(page, 'approval');
      await page.getByRole('button', { name: 'Approve' }).press('Enter');
      const asked = page.getByRole('dialog', { name: 'Approve?' });
      await asked.getByText('Your vote decides').waitFor();
      await asked.getByLabel('Comment').fill('as always');
      await pressInDialog(page, 'Approve');
      await page.getByText('Your vote is recorded').waitFor();
      await page.getByRole('row', { name: /as always/ }).waitFor();
      expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
      await runWorkflows(its.plinth);
      await page.getByRole('link', { name: 'a run of order' }).press('Enter');
      await picture.getByRole('button', { name: /^shipped/ }).waitFor();
      await chooseLast();
      await page.getByRole('button', { name: 'Send this event' }).press('Enter');
      const send = page.getByRole('dialog', { name: 'Send an event to this run' });
      expect(await send.getByLabel('Name').inputValue()).toBe('shipped');
      await send.getByLabel('Payload').fill('[1');
      await pressInDialog(page, 'Send');
      await send.getByText('This is not JSON').waitFor();
      await send.getByLabel('Payload').fill('{ "order": "17", "carrier": "DHL" }');
      await pressInDialog(page, 'Send');
      await page.getByText('The event is sent').waitFor();
      const state = async () => {
        await runWorkflows(its.plinth);
        const [row] = await its.plinth.owner<{ status: string }>('select status from plinth.tasks where id = $1', [
          its.data.waitingRun,
        ]);
        return row?.status;
      };
      await expect.poll(state).toBe('completed');
      // it was looked at all the while
      await page.getByRole('region', { name: 'Output' }).waitFor();
      expect(await page.getByRole('region', { name: 'Output' }).innerText()).toContain('"carrier": "DHL"');
      expect(await page.getByRole('button', { name: /Pause|Cancel run|Send event/ }).count()).toBe(0);
      expectQuiet(it);
    });

    it('a run of data shows what it has not come to and what it left out; its versions and definition', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go(`/workflow-runs/${its.data.dataRun}`);
      const picture = page.getByRole('group', { name: /^Picture of the steps/ });
      const box = (name: string) => picture.getByRole('button', { name: new RegExp(`^${name}`) });
      await box('last').waitFor();
      const said = async (name: string) => (await box(name).innerText()).replace(/\s+/g, ' ');
      expect(await said('big')).toBe('big left out task · if size(input.customer) > 100');
      expect(await said('labels')).toBe('labels completed task · for each, 3 of 3 completed');
      expect(await said('agreed')).toMatch(/^agreed waiting approval/);
      expect(await said('address')).toMatch(/^address not recorded set/);
      expect(await said('last')).toBe('last not reached task');
      const table = page.getByRole('table', { name: 'Steps' });
      expect(await table.getByRole('row', { name: /^agreed/ }).innerText()).toContain('address, credit');
      await box('labels').click();
      const panel = page.getByRole('region', { name: 'Step labels' });
      await panel.getByRole('button', { name: 'greet/1/labels/1/labels' }).click();
      await page
        .getByRole('region', { name: 'Step greet/1/labels/1/labels' })
        .getByRole('region', { name: 'Input' })
        .waitFor();
      await expectAccessibleInBoth(page, 'run of data');
      await box('last').click();
      await page.getByText('The run has not come to it.').waitFor();

      await page.getByRole('link', { name: 'onboarding v1' }).press('Enter');
      await page.getByRole('heading', { level: 1, name: 'onboarding v1' }).waitFor();
      await box('agreed').waitFor();
      await expectAccessibleInBoth(page, 'workflow');
      await page.getByRole('button', { name: 'Start a run' }).press('Enter');
      const form = page.getByRole('dialog', { name: 'Start onboarding v1' });
      await pressInDialog(page, 'Start');
      await form.getByRole('alert').waitFor();
      expect(await form.getByRole('alert').innerText()).toContain('customer');
      expect(it.complaints.splice(0)).toEqual([expect.stringContaining('422')]);
      await form.getByLabel('Input').fill('{ "customer": "Grace" }');
      await pressInDialog(page, 'Start');
      await page.getByText('Waits for a worker').waitFor();
      await page.goBack();
      await page.getByRole('button', { name: 'Stop starting it' }).press('Enter');
      await page.getByText('not started any more', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Start a run' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Let it be started', disabled: false }).press('Enter');
      await page.getByText('It may be started again').waitFor();
      await goByPalette(page, 'pipelines', 'Workflows');
      await page.getByRole('link', { name: 'onboarding', exact: true }).waitFor();
      await expectAccessibleInBoth(page, 'workflows');
      expectQuiet(it);
    });

    it('two hundred steps are drawn as far as they are in sight, and the last is reached by one key', async () => {
      const it = await signedIn();
      const { page } = it;
      await it.go(`/workflow-runs/${its.data.longRun}`);
      const boxes = page.getByRole('group', { name: /^Picture of the steps/ }).getByRole('button');
      await boxes.first().waitFor();
      expect(await boxes.count()).toBeLessThan(40);
      await boxes.first().focus();
      await page.keyboard.press('End');
      await expect.poll(() => page.evaluate('document.activeElement.dataset.id')).toBe('step 199');
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: 'Step step 199' }).waitFor();
      await page.getByRole('button', { name: 'Smaller' }).click();
      await expect.poll(() => boxes.count()).toBeGreaterThan(10);

      await it.go(`/workflow-runs/${its.data.failedRun}?step=second`);
      await page.getByText('no_such_customer').first().waitFor();
      await page.getByRole('button', { name: 'Retry' }).press('Enter');
      await page.getByText('The run goes on from the steps that failed').waitFor();
      await page.getByRole('button', { name: 'Cancel run' }).press('Enter');
      await page.getByLabel('Reason').fill('enough');
      await pressInDialog(page, 'Cancel the run');
      await page.getByRole('status').getByText('cancelled', { exact: true }).waitFor();
      expectQuiet(it);
    });

    it('approvals: an inbox that counts, reject by a second press; who is not asked, or may only read, has no button', async () => {
      const asked = await newPerson('viewer');
      const { id } = await post('/v1/workflow-runs', {
        workflow: 'order',
        input: { id: '18', items: 0, approver: asked.userId },
      });
      await runWorkflows(its.plinth);
      await runWorkflows(its.plinth);
      const it = await signedIn({ width: 390 }, asked);
      const { page } = it;
      await it.go('/approvals');
      await page.getByRole('link', { name: /Ship order 18/ }).waitFor();
      await expectAccessibleInBoth(page, 'approvals');
      await page.getByRole('button', { name: 'Navigation' }).click();
      await page.getByRole('link', { name: /^Approvals\s*1\s*wait for you/ }).waitFor();
      await page.getByRole('button', { name: 'Navigation' }).click();
      await page.getByRole('link', { name: /Ship order 18/ }).press('Enter');
      await page.getByRole('button', { name: 'Reject' }).press('Enter');
      await pressInDialog(page, 'Reject');
      await page.getByText('rejected', { exact: true }).waitFor();
      await it.go('/approvals');
      await page.getByText('Nothing waits for you').waitFor();
      await page.getByLabel('State').selectOption('decided');
      await page.getByRole('link', { name: /Ship order 18/ }).waitFor();
      await it.go(`/workflow-runs/${String(id)}`);
      await page.getByRole('button', { name: 'Larger' }).waitFor();
      expect(await page.getByRole('button', { name: /Retry|Pause|Cancel run|Send/ }).count()).toBe(0);
      await it.go('/approvals/0190');
      await page.getByText('There is no such approval').waitFor();
      expect({ outside: it.outside, faults: it.faults }).toEqual({ outside: [], faults: [] });

      const other = await signedIn({}, its.owner);
      await other.go('/approvals?of=all&state=all');
      await other.page.getByRole('link', { name: /Ship order 18/ }).press('Enter');
      await other.page.getByText('0 of 1 agreed').waitFor();
      expect(await other.page.getByRole('button', { name: /Approve|Reject/ }).count()).toBe(0);
      expectQuiet(other);
    });
  },
);
