/** CEL's own conformance cases, as far as our part of it reads them: what holds, and what is another way on purpose. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';

interface Case {
  /** Suite, section and name in the specification's tests. */
  readonly case: string;
  readonly expr: string;
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly value?: unknown;
  /** It is to fail. */
  readonly error?: true;
}

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/cel-conformance.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

/** Where ours is another way, by the reason that docs/reference/expressions.md gives. */
const deviations: Readonly<Record<string, RegExp>> = {
  'keys of maps are texts':
    /^(comparisons\/eq_literal\/(eq_map_value_mixed_types|not_eq_map_value_null)|comparisons\/ne_literal\/not_ne_map_int_to_float|fields\/map_fields\/map_(key_(int64|bool)|value_(null|bool|float|int64))|fields\/in\/(empty|singleton)|lists\/size\/map|macros\/exists\/map_key_type_\w+|macros\/exists_one\/map_one|parse\/(nest|repeat)\/map_literal)$/,
  'a division by zero fails': /^comparisons\/[en][qe]_literal\/.*_nan$/,
  'numbers are those of JSON: nothing overflows, and % takes fractions':
    /^(integer_math\/int64_math\/int64_(overflow|min_negate)\w*|conversions\/u?int\/double_\w*range|fp_math\/fp_math\/mod_not_support)$/,
  'a dot is a field':
    /^fields\/qualified_identifier_resolution\/(qualified_ident|map_field_select|qualified_identifier_resolution_unchecked|ident_with_longest_prefix_check)$/,
};

const deviates = (name: string) => Object.values(deviations).some((pattern) => pattern.test(name));

function outcomeOf({ expr, vars = {} }: Case): { value: unknown } | { error: string } {
  const run = compileExpression(expr);
  try {
    return { value: JSON.parse(JSON.stringify(run(vars))) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { error: error.message };
  }
}

describe('conformance to CEL', () => {
  const holding = cases.filter((one) => !deviates(one.case));

  it('there are enough cases', () => {
    expect(holding.length).toBeGreaterThan(600);
  });

  it.each(holding.map((one) => [one.case, one] as const))('%s', (_name, one) => {
    const outcome = outcomeOf(one);
    if (one.error) expect(outcome, one.expr).toHaveProperty('error');
    else expect(outcome, one.expr).toEqual({ value: JSON.parse(JSON.stringify(one.value)) });
  });

  it('what deviates still does, so that the list is true', () => {
    const deviating = cases.filter((one) => deviates(one.case));
    const same = deviating.filter((one) => {
      const outcome = outcomeOf(one);
      return one.error
        ? 'error' in outcome
        : 'value' in outcome && JSON.stringify(outcome.value) === JSON.stringify(one.value);
    });
    expect(same.map((one) => one.case)).toEqual([]);
    expect(deviating).toHaveLength(40);
  });
});
