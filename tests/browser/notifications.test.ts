import { expect, it } from 'vitest';
import { hostileTexts } from './hostile.ts';
import { describeSignedIn } from './signed-in.ts';
import { expectQuiet, findingsInAllLooks } from './support.ts';

describeSignedIn('the page of notifications', {}, ({ signedIn, newPerson, post, processEvents }) => {
  it('the bell counts what is unread; one is read, then all, by keyboard; a colleague has their own', async () => {
    const colleague = await newPerson('member');
    const it = await signedIn();
    const { page } = it;
    await it.go('/notifications');
    await page.getByText('Nobody told you anything yet').waitFor();
    await page.getByRole('link', { name: 'Notifications', exact: true }).first().waitFor();
    expect(await findingsInAllLooks(page, 'notifications empty')).toEqual({});

    await post('/v1/event-subscriptions', {
      name: 'tell',
      action: 'notification',
      names: ['order.*'],
      target: { title: 'Order {{payload.n}}', body: '{{payload.note}}', to: { everyone: true } },
    });
    const notes = [...hostileTexts, 'x'.repeat(600)];
    for (const [n, note] of notes.entries()) await post('/v1/events', { type: 'order.paid', payload: { n, note } });
    await processEvents();
    const count = notes.length;
    await it.go('/notifications');
    await page.getByRole('link', { name: `Notifications, ${count} unread` }).waitFor();
    const list = page.getByRole('list', { name: 'Notifications' });
    await expect.poll(() => list.getByRole('listitem').count()).toBe(count);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await findingsInAllLooks(page, 'notifications')).toEqual({});

    const first = page.getByRole('button', { name: `Mark as read: Order ${count - 1}`, exact: true });
    await first.press('Enter');
    await page.getByRole('link', { name: `Notifications, ${count - 1} unread` }).waitFor();
    await expect.poll(() => first.count()).toBe(0);
    // the keyboard is at the next one, not at the page's beginning
    await page
      .getByRole('button', { name: `Mark as read: Order ${count - 2}`, exact: true, includeHidden: false })
      .waitFor();
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      `Mark as read: Order ${count - 2}`,
    );
    await list.getByRole('link', { name: 'order.paid' }).first().press('Enter');
    await page.getByRole('heading', { level: 1 }).getByText('order.paid').waitFor();
    await page.getByRole('link', { name: `Notifications, ${count - 2} unread` }).press('Enter');
    await page.getByRole('button', { name: 'Mark all as read' }).press('Enter');
    await page.getByText(`${count - 2} marked as read`).waitFor();
    await page.getByRole('link', { name: 'Notifications', exact: true }).first().waitFor();
    await page.getByLabel('Show', { exact: true }).selectOption('unread');
    await page.getByText('You have read them all').waitFor();
    expectQuiet(it);

    const other = await signedIn({ width: 390 }, colleague);
    await other.go('/notifications');
    await other.page.getByRole('link', { name: `Notifications, ${count} unread` }).waitFor();
    expectQuiet(other);
  });
});
