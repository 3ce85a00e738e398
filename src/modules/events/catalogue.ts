import { deploymentKinds } from './extract/deployment.ts';
import { githubKinds } from './extract/github.ts';
import { linearKinds } from './extract/linear.ts';
import { slackKinds } from './extract/slack.ts';

/** A row of `event_type_catalogue`. */
export interface CatalogueType {
  readonly source: string;
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly payload_schema: Readonly<Record<string, unknown>> | null;
}

/** What a report of a deployment must at least say to be of use. */
const report_schema = {
  type: 'object',
  properties: { status: { type: 'string' }, environment: { type: ['string', 'object'] } },
  required: ['status', 'environment'],
} as const;

/** The events whose payloads are read into typed columns, from the tables that say how. */
export function catalogue(): CatalogueType[] {
  const of = (source: string, kinds: Readonly<Record<string, { readonly category: string }>>, table: string) =>
    Object.entries(kinds).map(([name, { category }]) => ({
      ...{ source, name, category, payload_schema: null },
      description: `Typed columns in ${table}${Object.hasOwn(deploymentKinds, name) ? ' and deployment_events' : ''}.`,
    }));
  const statuses = ['queued', 'started', 'succeeded', 'failed', 'cancelled', 'rolled_back'];
  return [
    ...of('github', githubKinds, 'github_events'),
    ...of('linear', linearKinds, 'linear_events'),
    ...of('slack', slackKinds, 'slack_events'),
    ...statuses.map((status) => ({
      ...{ source: 'deployment', name: `deployment.${status}`, category: 'deployment', payload_schema: report_schema },
      description: 'A report of a deployment; typed columns in deployment_events.',
    })),
  ];
}
