import { Box, Button, CopyButton, SegmentedControl, Stack } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { basePath } from '../../api/base-path.ts';
import { useMe, useRead } from '../../api/hooks.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { ErrorState, LoadingState } from '../../parts/states.tsx';
import type { EventDetail } from './types.ts';

/** The payload as it was sent, or the event as a CloudEvent; which of both stands in the address. */
export function Forms({ event }: { event: EventDetail }) {
  const [search, setSearch] = useSearchParams();
  const isCloud = search.get('as') === 'cloudevent';
  return (
    <Box className="surface" p="md">
      <Stack gap="sm" align="stretch">
        <SegmentedControl
          aria-label="Shown as"
          value={isCloud ? 'cloudevent' : 'payload'}
          data={[
            { value: 'payload', label: 'Payload' },
            { value: 'cloudevent', label: 'CloudEvent' },
          ]}
          style={{ alignSelf: 'flex-start' }}
          onChange={(form) => setSearch(form === 'cloudevent' ? { as: form } : {}, { replace: true })}
        />
        {isCloud ? <CloudEvent id={event.id} /> : <JsonView label="Payload" value={event.payload} />}
      </Stack>
    </Box>
  );
}

function CloudEvent({ id }: { id: string }) {
  const { data, error, refetch } = useRead<unknown>(`/v1/events/${id}`, { format: 'cloudevents' });
  if (data !== undefined) return <JsonView label="CloudEvent" value={data} />;
  return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <LoadingState lines={4} />;
}

/**
 * A command that reads the payload, every number with its digits, and posts it to a program on the reader's machine. Nothing
 * of the payload stands in it, and the key is the reader's to put in.
 */
export function CopyAsCurl({ id }: { id: string }) {
  const { organization } = useMe();
  const text = [
    `curl -sS '${location.origin}${basePath}/v1/events/${id}/payload'`,
    `  -H "Authorization: Bearer $PLINTH_KEY" -H 'Plinth-Organization: ${organization?.slug}'`,
    `  | curl -sS http://localhost:3000/ -H 'content-type: application/json' --data-binary @-`,
  ].join(' \\\n');
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy} title="A command that posts the payload to a program on your machine">
          {copied ? 'Copied' : 'Copy payload as curl'}
        </Button>
      )}
    </CopyButton>
  );
}
