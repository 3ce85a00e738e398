import type { ReactNode } from 'react';
import styles from './definition-list.module.css';

/** Names and values, in as many columns as fit. What is null, undefined or '' is left out. */
export function DefinitionList({
  label,
  entries,
}: {
  label: string;
  entries: readonly (readonly [string, ReactNode])[];
}) {
  const shown = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return (
    <dl className={`surface ${styles['list']}`} aria-label={label}>
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
