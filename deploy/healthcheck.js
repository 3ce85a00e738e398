// Ends with 0 when the `serve` of this container is ready for requests, else with 1.
const port = process.env.PLINTH_PORT || '4600';
try {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
