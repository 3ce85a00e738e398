import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** Which blocks of many branches are unfolded; in the address, so that a link shows the same. */
export function useOpenBlocks(): { isOpen(path: string): boolean; open(path: string): void } {
  const [parameters, setParameters] = useSearchParams();
  const asText = parameters.getAll('open').join('\n');
  const isOpen = useMemo(() => {
    const paths = new Set(asText.split('\n'));
    return (path: string) => paths.has(path);
  }, [asText]);
  const open = useCallback(
    (path: string) =>
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          after.append('open', path);
          after.delete('step');
          return after;
        },
        { replace: true },
      ),
    [setParameters],
  );
  return { isOpen, open };
}
