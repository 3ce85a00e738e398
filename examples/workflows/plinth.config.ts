import { definePlinth, workflow } from 'plinth';

interface Order {
  id: string;
  total: number;
  approver: string;
  askAfter?: string;
}

const order = workflow<Order>('order', { version: 1, timeMax: '60d' }, async (ctx, input) => {
  const { id, total, approver, askAfter = '3d' } = input;
  const payment = await ctx.run(
    'reserve payment',
    // the other side sees the same key at every attempt, and reserves once
    ({ idempotencyKey }) => ({ reference: `payment-${id}`, idempotencyKey }),
    { retry: { maxAttempts: 5, firstDelaySeconds: 1 } },
  );
  if (total > 1_000) {
    const { outcome } = await ctx.approval({ title: `Ship order ${id}?`, assignees: [approver], timeout: '2d' });
    if (outcome !== 'approved') return { status: outcome };
  }
  const [label] = await ctx.all([
    () => ctx.task<string>('print.label', { order: id }),
    () => ctx.run('send mail', () => `mail for ${payment.reference}`),
  ]);
  const shipped = await ctx.waitForEvent<{ carrier: string }>('shipped', { match: { order: id }, timeout: '14d' });
  if (!shipped) return { status: 'lost', label };
  await ctx.sleep('before asking', askAfter);
  await ctx.run('ask how it was', () => `asked at ${ctx.now().toISOString()}`);
  return { status: 'shipped', label, carrier: shipped.carrier };
});

export default definePlinth({
  tasks: { 'print.label': (payload) => `label of ${(payload as { order: string }).order}` },
  workflows: [order],
});
