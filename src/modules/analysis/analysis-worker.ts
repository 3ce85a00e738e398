import { parentPort } from 'node:worker_threads';
import { analyzeSource, type SourceInput } from './analyze-source.ts';

/** One file at a time: the pool knows which one a silent or dead worker was on. */
if (parentPort === null) throw new Error('this file is started as a worker thread');
const port = parentPort;

port.on('message', (input: SourceInput) => {
  analyzeSource(input).then(
    (analysis) => port.postMessage({ analysis }),
    (error: unknown) => {
      // A fault of ours: the pool records the file and replaces this thread.
      port.postMessage({ fault: error instanceof Error ? error.message : String(error) });
    },
  );
});
