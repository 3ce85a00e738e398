/** Bounds of the analyser, units last. Whatever exceeds one is recorded on its file; nothing stops a run. */
export const analysisLimits = {
  /** Larger files are skipped: hand-written sources this long are not found in practice (checker.ts is the exception). */
  file_bytes: 1024 * 1024,
  /** The time one parse may take; tree-sitter asks between steps and gives up. A usual file takes 2 ms. */
  parse_ms: 5_000,
  /** A worker that is silent for this long on one file is ended and replaced: the stop for loops outside the parser. */
  worker_silence_ms: 20_000,
  /** Nodes of one syntax tree: the walk stops there. Usual code has one node for every 3 bytes. */
  tree_nodes: 2_000_000,
  /** Levels of one syntax tree. A chain of 10,000 `+` is 10,000 levels deep and still analysed. */
  tree_depth: 20_000,
  /** Elements listed for one file; code of later ones counts for what encloses them. */
  elements_per_file: 5_000,
  /** Elements inside elements; code of deeper ones counts for what encloses them. */
  element_depth: 64,
  /** Parameters listed by name for one element (all are counted). */
  parameters_listed: 64,
  /** Characters of one name; of a qualified name four times as many. Longer ones are cut and end in a hash. */
  name_chars: 200,
  /** Average and longest line, in characters, of a file taken for minified. */
  minified_average_line_chars: 300,
  minified_longest_line_chars: 20_000,
  /** Below this many characters nothing is taken for minified. */
  minified_file_chars: 2_000,
  /** Where a "generated" marker is looked for. */
  generated_marker_chars: 2_000,
  /** Issues kept for one file. */
  issues_per_file: 2_000,
  /** Bytes of a path inside its source; longer ones are recorded as failed. */
  path_bytes: 4_096,
  /** Files of one run. */
  files_per_run: 200_000,
  /** Time without a byte from git before it is ended. */
  git_silence_ms: 60_000,
  /** Bytes kept of what git prints as an error. */
  git_stderr_bytes: 4_096,
  /** Results that wait for the reader before parsing pauses. */
  results_waiting: 64,
  /** Files after which a worker is replaced: WebAssembly memory never shrinks. */
  files_per_worker: 5_000,
  worker_heap_megabytes: 1_024,
  concurrency_default: 2,
  concurrency_max: 16,
  worst_files: 20,
} as const;
