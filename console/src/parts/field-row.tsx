import { SimpleGrid } from '@mantine/core';
import { Children, type ReactNode } from 'react';

/** Fields beside each other; below each other on a telephone, where what is typed would be cut. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <SimpleGrid cols={{ base: 1, xs: Children.toArray(children).length }}>{children}</SimpleGrid>;
}
