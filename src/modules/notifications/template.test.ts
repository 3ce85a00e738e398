import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FilterableEvent, PendingEvent } from '../events/index.ts';
import { notificationLimits } from './limits.ts';
import { fillTemplate, templateProblem } from './template.ts';

const event = { id: '019ab1c2-7c4e-7d1a-9a53-5b7a2f0c1e42' } as PendingEvent;
const fill = (template: string, document: object, charsMax = 100) =>
  fillTemplate(template, event, document as FilterableEvent, charsMax);

describe('a template', () => {
  it('is filled from the event, as plain text', () => {
    const document = {
      type: 'order.paid',
      title: 'An order',
      payload: { n: 7, ok: false, who: { name: '<b>Ada</b>' } },
    };
    expect(fill('{{type}}: {{ payload.who.name }} {{payload.n}} {{payload.ok}} {{id}}', document)).toBe(
      `order.paid: <b>Ada</b> 7 false ${event.id}`,
    );
    expect(fill('[{{payload.none}}{{payload.who}}{{actor}}]', { ...document, actor: null })).toBe('[]');
  });

  it('takes no part of a value for a field, and nothing that is not the document’s own', () => {
    expect(fill('{{title}}', { title: '{{payload.secret}}', payload: { secret: 'x' } })).toBe('{{payload.secret}}');
    expect(fill('{{payload.constructor.name}}{{payload.__proto__.x}}', { payload: {} })).toBe('');
  });

  it('shows what is there: no controls, no marks of direction, one line a value', () => {
    expect(fill('{{title}}', { title: 'a\u0000b\u001b[31m\n\nc\u202Ed\u200Be\u2066f' })).toBe('ab[31m cdef');
    expect(fill('one\n{{title}}', { title: 'two\nthree' })).toBe('one\ntwo three');
  });

  it('is cut at whole characters', () => {
    expect(fill('{{title}}', { title: '\u{1F600}'.repeat(300) }, 5)).toBe(`${'\u{1F600}'.repeat(4)}…`);
    const long = fill('{{title}}', { title: 'x'.repeat(10_000) }, 2_000);
    expect(long).toHaveLength(notificationLimits.value_chars);
  });

  it('of any text and event, is a text a database takes, and short enough', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 50 }),
        (template, title, max) => {
          const text = fill(`${template}{{title}}`, { title }, max);
          expect(Array.from(text).length).toBeLessThanOrEqual(max);
          expect(text.isWellFormed() && !text.includes('\u0000')).toBe(true);
        },
      ),
    );
  });

  it.each([
    '{{secret}}',
    '{{payload}}',
    '{{payload.a b}}',
    '{{}}',
    '{{type',
    'a}} b',
    '{{ {{type}} }}',
    '{{payload..a}}',
  ])('is refused: %s', (template) => expect(templateProblem(template)).toBeTypeOf('string'));

  it.each(['', 'plain { } text', '{{type}}{{ payload.a.b-c_d }}', '{"a": 1}'])('is taken: %s', (template) =>
    expect(templateProblem(template)).toBeUndefined(),
  );
});
