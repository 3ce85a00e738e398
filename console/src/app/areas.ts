import type { Area } from './area.ts';

/** Every folder under pages/ that has an index.tsx: nothing is registered anywhere else. */
const found = import.meta.glob<Area>('../pages/*/index.tsx', { eager: true });

export const areas: readonly Area[] = Object.entries(found)
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([, area]) => area);

const groups = ['Work', 'Automation', 'Data', 'Organization', 'You'] as const;

/** What the areas draw in the frame of every page, by the folder. */
export const headerParts = Object.entries(found).flatMap(([folder, { header }]) =>
  header ? [{ folder, header }] : [],
);

/** The navigation of somebody with these permissions, by heading. */
export function navigationFor(permissions: readonly string[]) {
  const items = areas
    .flatMap((area) => area.navigation)
    .filter(({ permission }) => permission === undefined || permissions.includes(permission))
    .sort((a, b) => (a.order ?? 50) - (b.order ?? 50) || a.label.localeCompare(b.label));
  return groups
    .map((group) => ({ group, items: items.filter((item) => item.group === group) }))
    .filter(({ items: inGroup }) => inGroup.length > 0);
}
