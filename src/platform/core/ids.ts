import { randomFillSync } from 'node:crypto';

/** Any UUID as PostgreSQL prints it: lower case, with hyphens. Parsing is strict so that one id has one spelling. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a lower-case, hyphenated UUID of any version. */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/**
 * A version 7 UUID (RFC 9562) minted from `at`: 48 bits of milliseconds, then random.
 * Rows of partitioned tables must mint their id from the row's own time (the table's CHECK insists).
 */
export function uuidv7(at: Date = new Date()): string {
  const bytes = Buffer.allocUnsafe(16);
  randomFillSync(bytes, 6);
  bytes.writeUIntBE(at.getTime(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The time a version 7 UUID was minted from, to the millisecond. */
export function uuidTime(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
}
