import type { Icon } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { RouteObject } from 'react-router';

/** A place in the navigation and in the command palette. */
export interface NavigationItem {
  readonly label: string;
  /** As in `routes`, with a slash before it: "/events". */
  readonly to: string;
  readonly icon: Icon;
  /** Heading it stands under. */
  readonly group: 'Work' | 'Automation' | 'Data' | 'Organization' | 'You';
  /** Only who has it sees the place ("members:read"); the server decides again anyway. */
  readonly permission?: string;
  /** What else people call it: the command palette finds it by these words. */
  readonly keywords?: readonly string[];
  /** Places with a lower number stand higher in their group; 50 without one. */
  readonly order?: number;
  /** Drawn behind the label: how much waits there for this person. */
  readonly badge?: ComponentType;
}

/** What the index.tsx of each folder under pages/ exports. */
export interface Area {
  /** Below the organization's address, without a slash before the path: `{ path: 'events/:id', element: … }`. */
  readonly routes: readonly RouteObject[];
  readonly navigation: readonly NavigationItem[];
  /** Drawn in the frame of every page, beside the person's menu. */
  readonly header?: ComponentType;
}
