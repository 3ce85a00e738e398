import { errors } from '../../../platform/core/errors.ts';

/**
 * A place in the order in which events become visible: after every event of a lower transaction, and of the same one
 * after `id`. Without an id it is before the first event of its transaction.
 */
export interface Position {
  readonly xid: bigint;
  readonly id: string;
}

/** A position as clients keep it. Copying or restoring the database raises the epoch: its order is another then. */
export interface Cursor extends Position {
  readonly epoch: number;
}

const cursor_form = /^(\d{1,9})\.(\d{1,19})(?:\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$/;

/** Below zero when `a` comes first. */
export function comparePositions(a: Position, b: Position): number {
  if (a.xid !== b.xid) return a.xid < b.xid ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export function laterOf(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? b : a;
}

/** What stands in `id:` of the stream. */
export function formatCursor(epoch: number, { xid, id }: Position): string {
  return id === '' ? `${epoch}.${xid}` : `${epoch}.${xid}.${id}`;
}

/** Throws `invalid_request` for a text that this server has not given out. */
export function parseCursor(text: string): Cursor {
  const [, epoch, xid, id = ''] = cursor_form.exec(text) ?? [];
  if (epoch === undefined || xid === undefined) {
    throw errors.invalid_request({
      field: 'Last-Event-ID',
      detail: 'the last event id is not one of this stream',
      hint: 'Give back the id of the last message as it came, or leave it out to begin now.',
    });
  }
  return { epoch: Number(epoch), xid: BigInt(xid), id };
}
