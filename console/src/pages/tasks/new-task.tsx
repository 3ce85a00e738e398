import { NativeSelect, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useChange, useRead } from '../../api/hooks.ts';
import { fieldErrors } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import type { Page } from '../../api/types.ts';
import { FieldRow } from '../../parts/field-row.tsx';
import { FormButtons } from '../../parts/form-buttons.tsx';
import { parsedJson } from '../../parts/json-field.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { randomKey } from '../../parts/random-key.ts';
import { EmptyState, ErrorState, LoadingState, ProblemAlert } from '../../parts/states.tsx';
import { type ProjectName, type TaskType, touchedByTasks, useProjectNames } from './types.ts';

const fields = ['task_type', 'title', 'payload', 'priority', 'max_attempts', 'project_id'] as const;

/** Enqueues a task by hand; `?type=` of the address chooses its type. */
export function NewTask() {
  const types = useRead<Page<TaskType>>('/v1/task-types');
  const projects = useProjectNames();
  return (
    <>
      <PageHeader title="Enqueue a task" description="It runs as soon as a worker is free." />
      {types.data ? (
        types.data.data.length > 0 ? (
          <Form types={types.data.data} projects={projects.data?.data ?? []} />
        ) : (
          <EmptyState title="This program can run no tasks">No module it was started with declares a type.</EmptyState>
        )
      ) : types.error ? (
        <ErrorState error={types.error} onRetry={() => void types.refetch()} />
      ) : (
        <LoadingState />
      )}
    </>
  );
}

function Form({ types, projects }: { types: readonly TaskType[]; projects: readonly ProjectName[] }) {
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const [type, setType] = useState(
    () => types.find(({ task_type }) => task_type === parameters.get('type'))?.task_type ?? types[0]?.task_type ?? '',
  );
  const [title, setTitle] = useState('');
  const [payload, setPayload] = useState('{}');
  const [project, setProject] = useState('');
  const [priority, setPriority] = useState<number | string>(0);
  const [attempts, setAttempts] = useState<number | string>(5);
  const [payloadError, setPayloadError] = useState<string>();
  const once = useRef({ body: '', key: '' });
  const enqueue = useChange(
    (body: unknown) => {
      // pressed twice, or sent again after a broken connection, it is one task; changed, it is another
      const text = JSON.stringify(body);
      if (once.current.body !== text) once.current = { body: text, key: randomKey() };
      return api.post<{ id: string }>('/v1/tasks', body, { idempotencyKey: once.current.key });
    },
    { touches: touchedByTasks },
  );
  const errors = enqueue.error ? fieldErrors(enqueue.error, fields) : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = parsedJson(payload);
    setPayloadError(parsed.wrong);
    if (parsed.wrong !== undefined) return;
    const body = {
      task_type: type,
      payload: parsed.value,
      priority: Number(priority),
      max_attempts: Number(attempts),
      ...(title.trim() === '' ? {} : { title: title.trim() }),
      ...(project === '' ? {} : { project_id: project }),
    };
    enqueue.mutate(body, { onSuccess: ({ id }) => void navigate(`/tasks/${id}`, { replace: true }) });
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack maw="40rem" className="surface" p="md">
        <NativeSelect
          label="Type"
          description={types.find(({ task_type }) => task_type === type)?.description}
          data={types.map(({ task_type }) => task_type)}
          value={type}
          error={errors['task_type']}
          onChange={(event) => setType(event.currentTarget.value)}
        />
        <TextInput
          label="Title"
          description="What people see in lists; the type, if it is left empty"
          maxLength={500}
          value={title}
          error={errors['title']}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        {projects.length > 0 ? (
          <NativeSelect
            label="Project"
            data={[{ value: '', label: 'None' }, ...projects.map(({ id, name }) => ({ value: id, label: name }))]}
            value={project}
            error={errors['project_id']}
            onChange={(event) => setProject(event.currentTarget.value)}
          />
        ) : null}
        <Textarea
          label="Payload"
          description="JSON that the task's handler is given"
          autosize
          minRows={4}
          maxRows={20}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={payload}
          error={payloadError ?? errors['payload']}
          onChange={(event) => setPayload(event.currentTarget.value)}
        />
        <FieldRow>
          <NumberInput
            label="Priority"
            description="Higher runs first"
            min={-1000}
            max={1000}
            allowDecimal={false}
            hideControls
            value={priority}
            error={errors['priority']}
            onChange={setPriority}
          />
          <NumberInput
            label="Attempts at most"
            description="Until it counts as failed"
            min={1}
            max={100}
            allowDecimal={false}
            hideControls
            value={attempts}
            error={errors['max_attempts']}
            onChange={setAttempts}
          />
        </FieldRow>
        {enqueue.error ? <ProblemAlert problem={enqueue.error} /> : null}
        <FormButtons action="Enqueue" isPending={enqueue.isPending} cancel="/tasks" />
      </Stack>
    </form>
  );
}
