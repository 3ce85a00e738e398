import { defineErrors } from '../platform/core/errors.ts';

/** What can be wrong with a user's own application: all of it is found before anything is opened. */
export const applicationErrors = defineErrors({
  application_file: {
    status: 500,
    title: 'The application file cannot be loaded',
    hint: 'Correct what "detail" names. plinth.config.ts is looked for in the working directory; --config names another.',
  },
  application_export: {
    status: 500,
    title: 'The application file does not export an application',
    hint: "Write: import { definePlinth } from 'plinth'; export default definePlinth({ … });",
  },
  application_invalid: {
    status: 500,
    title: 'The application is not valid',
    hint: 'Correct each place named; docs/guides/your-application.md shows the shape.',
  },
  module_conflict: {
    status: 500,
    title: 'A module takes a name that is taken',
    hint: 'Give it another name: modules, tables, functions, permissions, tasks and routes are named once.',
  },
  module_dependency: {
    status: 500,
    title: 'A module needs one that is not there',
    hint: 'Switch both off, or neither; a module names what it needs in dependsOn.',
  },
  module_off: {
    status: 409,
    title: 'This needs a module that is switched off',
    hint: 'Take "false" away from modules in plinth.config.ts.',
  },
  module_tables: {
    status: 500,
    title: "A module's declaration and its tables are not the same",
    hint: "Make the migration's register_table and the module's tables say the same; a table that is not registered does not count.",
  },
});
