import { useSyncExternalStore } from 'react';

export type Density = 'comfortable' | 'compact';

const densityKey = 'plinth.density';
const organizationKey = 'plinth.organization';
const listeners = new Set<() => void>();

/** Storage may be off in this browser: then preferences last as long as the page. */
const fallback = new Map<string, string>();

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? fallback.get(key);
  } catch {
    return fallback.get(key);
  }
}

function write(key: string, value: string): void {
  fallback.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // kept in this page only
  }
}

/** How close rows and fields stand, kept in this browser. */
export function useDensity(): [Density, (density: Density) => void] {
  const density = useSyncExternalStore(subscribe, () => read(densityKey));
  return [density === 'compact' ? 'compact' : 'comfortable', setDensity];
}

function setDensity(density: Density): void {
  write(densityKey, density);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The slug of the organization this browser was in last. */
export const lastOrganization = {
  get: (): string | undefined => read(organizationKey),
  set: (slug: string): void => write(organizationKey, slug),
};
