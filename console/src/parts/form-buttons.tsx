import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

interface FormButtonsProps {
  /** What sending the form does: "Rotate". */
  readonly action: ReactNode;
  readonly isPending: boolean;
  readonly disabled?: boolean;
  /** Closes a dialog, or the page that is left for. */
  readonly cancel: (() => void) | string;
}

/** The end of a form: leave it, or send it. */
export function FormButtons({ action, isPending, disabled = false, cancel }: FormButtonsProps) {
  return (
    <Group justify="flex-end">
      {typeof cancel === 'string' ? (
        <Button variant="default" component={Link} to={cancel}>
          Cancel
        </Button>
      ) : (
        <Button variant="default" onClick={cancel}>
          Cancel
        </Button>
      )}
      <Button type="submit" disabled={disabled} loading={isPending}>
        {action}
      </Button>
    </Group>
  );
}
