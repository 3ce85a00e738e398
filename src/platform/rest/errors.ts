import { defineErrors } from '../core/errors.ts';

/** What the REST dialect can refuse. `detail` names the parameter, the character in it, and what was expected there. */
export const restErrors = defineErrors({
  // --- the query string --------------------------------------------------------------------------------------------
  rest_syntax: {
    status: 400,
    title: 'The query string can not be read',
    hint: 'The dialect is described in docs/reference/rest.md; "detail" names the parameter and the character.',
  },
  query_too_complex: {
    status: 400,
    title: 'The query is too large',
    hint: 'The bound is named in "detail"; ask in several requests.',
  },
  unknown_table: { status: 404, title: 'No such table', hint: 'See /docs for the tables there are.' },
  unknown_function: { status: 404, title: 'No such function', hint: 'See /docs for the functions there are.' },
  unknown_column: { status: 400, title: 'No such column', hint: 'See /docs for the columns of the table.' },
  unknown_operator: {
    status: 400,
    title: 'No such operator',
    hint: 'A filter reads column=operator.value, for example id=eq.5; the operators are in docs/reference/rest.md.',
  },
  unsupported_operator: {
    status: 400,
    title: 'The operator does not fit the column',
    hint: '"detail" names the column and its type; see docs/reference/rest.md for the operators of each type.',
  },
  unknown_cast: {
    status: 400,
    title: 'No such cast',
    hint: 'Casts are column::type with one of the types listed in "detail".',
  },
  not_supported: {
    status: 400,
    title: 'Not part of this dialect',
    hint: 'docs/reference/rest.md lists the differences from PostgREST.',
  },
  invalid_range: {
    status: 416,
    title: 'The requested range can not be satisfied',
    hint: 'Ask for a limit of zero or more and an offset within the rows there are.',
  },
  // --- embedding ---------------------------------------------------------------------------------------------------
  unknown_relationship: {
    status: 400,
    title: 'No relationship between the two tables',
    hint: 'Embedding follows foreign keys: name the other table, the column of the key, or the key itself.',
  },
  ambiguous_relationship: {
    status: 300,
    title: 'More than one relationship between the two tables',
    hint: 'Add one of the names in "detail" after the table: table!name(…).',
  },
  not_embedded: {
    status: 400,
    title: 'Not embedded in this request',
    hint: 'Filters, orders and limits on another table need it in "select", under the name used there.',
  },
  // --- writing -----------------------------------------------------------------------------------------------------
  filter_required: {
    status: 400,
    title: 'A filter is required',
    hint: 'Changing or removing every row is refused: name the rows, for example id=eq.… or id=not.is.null.',
  },
  invalid_rows: {
    status: 400,
    title: 'The body does not hold rows',
    hint: 'Send one JSON object, or an array of objects that have the same keys (or name them in ?columns=).',
  },
  too_many_rows: {
    status: 413,
    title: 'Too many rows in one request',
    hint: 'The limit is named in "detail"; send them in several requests.',
  },
  column_not_writable: {
    status: 400,
    title: 'The column can not be written',
    hint: 'Leave it out: the database fills it, or it can not change.',
  },
  no_unique_key: {
    status: 400,
    title: 'No unique key over these columns',
    hint: 'on_conflict takes the columns of a primary key or unique constraint, listed in "detail".',
  },
  max_affected_exceeded: {
    status: 400,
    title: 'More rows than max-affected allows',
    hint: 'Nothing was written. Narrow the filter, or allow more.',
  },
  // --- headers and results -----------------------------------------------------------------------------------------
  invalid_preference: {
    status: 400,
    title: 'A preference is not supported',
    hint: 'Leave out the preference named in "detail", or send handling=lenient.',
  },
  not_single_row: {
    status: 406,
    title: 'The result is not a single row',
    hint: 'Narrow the filter to one row, or ask for application/json.',
  },
});
