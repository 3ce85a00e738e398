import { Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useChange } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { parsedJson } from '../../parts/json-field.ts';
import { randomKey } from '../../parts/random-key.ts';
import { ProblemAlert } from '../../parts/states.tsx';
import { touchedByRuns } from '../workflow-runs/types.ts';

interface StartRunProps {
  readonly name: string;
  readonly version: number;
  readonly onClose: () => void;
}

/** Starts a run by hand, and goes to it. */
export function StartRun({ name, version, onClose }: StartRunProps) {
  const navigate = useNavigate();
  const [input, setInput] = useState('{}');
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState<string>();
  // pressed twice it is one run
  const once = useRef(randomKey());
  const start = useChange(
    (body: unknown) => api.post<{ id: string }>('/v1/workflow-runs', body, { idempotencyKey: once.current }),
    { touches: touchedByRuns },
  );
  const errors = start.error ? fieldErrors(start.error, ['input', 'correlation_key']) : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = parsedJson(input);
    setWrong(parsed.wrong);
    if (parsed.wrong !== undefined) return;
    start.mutate(
      {
        workflow: name,
        version,
        input: parsed.value,
        ...(key.trim() === '' ? {} : { correlation_key: key.trim() }),
      },
      {
        onSuccess: ({ id }) => void navigate(`/workflow-runs/${id}`),
        onError: () => {
          once.current = randomKey();
        },
      },
    );
  }
  return (
    <Dialog onClose={onClose} title={`Start ${name} v${version}`}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Textarea
            label="Input"
            description="JSON that the workflow is given"
            autosize
            minRows={4}
            maxRows={16}
            data-autofocus
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={input}
            error={wrong ?? errors['input']}
            onChange={(event) => setInput(event.currentTarget.value)}
          />
          <TextInput
            label="Correlation key"
            description="Events sent with this key reach the run: an order's number, for example"
            maxLength={200}
            autoComplete="off"
            value={key}
            error={errors['correlation_key']}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          {start.error ? <ProblemAlert problem={start.error} /> : null}
          <FormButtons action="Start" isPending={start.isPending} cancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
