import { Button, Stack } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useCan } from '../../api/hooks.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Section } from '../../parts/section.tsx';
import { RuleFields, type RuleText } from './rule.tsx';
import { TrialResults, useTrial } from './try-rule.tsx';

const typing_ms = 400;
const listOf = (text: string | null) => (text ? text.split(',') : []);

/** A rule as a link holds it. */
export function ruleFromAddress(parameters: URLSearchParams): RuleText {
  return {
    sources: listOf(parameters.get('sources')),
    categories: listOf(parameters.get('categories')),
    names: listOf(parameters.get('names')).join('\n'),
    filter: parameters.get('filter') ?? '',
  };
}

function addressOf({ sources, categories, names, filter }: RuleText): URLSearchParams {
  const entries = {
    sources: sources.join(','),
    categories: categories.join(','),
    names: names
      .split(/[\s,]+/)
      .filter((name) => name !== '')
      .join(','),
    filter,
  };
  return new URLSearchParams(Object.entries(entries).filter(([, value]) => value !== ''));
}

/** A rule tried on past events, without a subscription; it stands in the address, for somebody else to see. */
export function FilterTester() {
  const mayWrite = useCan('event_subscriptions:write');
  const [parameters, setParameters] = useSearchParams();
  const [text, setText] = useState(() => ruleFromAddress(parameters));
  const keep = useDebouncedCallback((rule: RuleText) => setParameters(addressOf(rule), { replace: true }), typing_ms);
  const trial = useTrial(text);
  return (
    <Stack gap="lg">
      <PageHeader
        title="Filter tester"
        description="Which of the newest events a subscription would take, and why not the others. Nothing is changed."
        actions={
          mayWrite ? (
            <Button variant="default" component={Link} to={`/subscriptions/new?${addressOf(text)}`}>
              Make a subscription of it
            </Button>
          ) : null
        }
      />
      <Stack maw="48rem" className="surface" p="md">
        <RuleFields
          text={text}
          wrong={trial.wrong}
          other={trial.other}
          onChange={(rule) => {
            setText(rule);
            keep(rule);
          }}
        />
      </Stack>
      <Section title="Past events">
        <TrialResults trial={trial} />
      </Section>
    </Stack>
  );
}
