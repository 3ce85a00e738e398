import { errors, type PlinthError } from '../core/errors.ts';
import { restErrors } from './errors.ts';

const valueStates: Readonly<Record<string, string>> = {
  '22001': 'A text is longer than its column allows.',
  '22003': 'A number is out of the range of its type.',
  '22007': 'A date or time is not written as its type asks for.',
  '22008': 'A date or time is out of range.',
  '22012': 'A division by zero.',
  '22021': 'A text is not valid UTF-8.',
  '22023': 'An argument is not allowed.',
  '22025': 'A pattern ends in its escape character.',
  '22030': 'A JSON object has a key twice.',
  '22032': 'A value is not valid JSON.',
  '22P02': 'A value is not written as its type asks for.',
  '22P05': 'A text holds a character that can not be stored, such as U+0000.',
  '2201B': 'A regular expression is not valid.',
  '42704': 'A text search language is not known.',
};

/**
 * What a failure of PostgreSQL says about the caller's query, for those states that only this layer's statements give
 * (values that fit no type, operators a type lacks); undefined for all others, which the door's own table maps.
 * PostgreSQL's message is never repeated: it can quote a stored value.
 */
export function fromSqlState(cause: unknown): PlinthError | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  const state = cause.code;
  if (typeof state !== 'string') return undefined;
  // A text search query that does not parse. An error with a position is in the statement itself: that is not hidden.
  const inValue = state === '42601' && !('position' in cause && cause.position !== undefined);
  const detail = inValue ? 'A text search query is not valid.' : valueStates[state];
  if (detail !== undefined) return errors.invalid_value({ detail, cause });
  if (state === '42883' || state === '42725' || state === '42804' || state === '42846') {
    return restErrors.unsupported_operator({
      detail: 'An operator or cast does not exist for the type of its column.',
      cause,
    });
  }
  if (state === '54000' || state === '54001' || state === '54023') {
    return restErrors.query_too_complex({ detail: 'The database can not hold a query or value of this shape.', cause });
  }
  if (state === '21000') {
    return restErrors.invalid_rows({ detail: 'Two rows of the body have the same unique key.', cause });
  }
  return undefined;
}
