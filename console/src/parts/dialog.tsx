import { Drawer, type DrawerProps, Modal, type ModalProps } from '@mantine/core';
import { useLayoutEffect, useState } from 'react';

/** A dialog that is there as long as it is open: the library gives the focus back only of those that are always there. */
export function Dialog(props: Omit<ModalProps, 'opened'>) {
  useFocusBack();
  return <Modal {...props} opened />;
}

/** The same at the right of the page, beside what it is about. */
export function SideDialog(props: Omit<DrawerProps, 'opened' | 'position'>) {
  useFocusBack();
  return <Drawer {...props} opened position="right" />;
}

/** When the dialog goes, the keyboard goes on where it was, or at the page's name if that is gone: not before the page. */
function useFocusBack(): void {
  // now, since a menu is gone once the dialog stands
  const [focusedBefore] = useState(() => openerOf(document.activeElement));
  useLayoutEffect(() => {
    // a dialog in whose place this one stands has given the focus back by now
    const opener = focusedBefore?.isConnected ? focusedBefore : openerOf(document.activeElement);
    return () => {
      const focused = document.activeElement;
      // somebody may have gone on to something in the page
      if (focused && focused !== document.body && !focused.closest('[role=dialog]')) return;
      const next = opener?.isConnected ? opener : document.querySelector<HTMLElement>('h1');
      next?.focus({ preventScroll: true });
    };
  }, [focusedBefore]);
}

/** The item of a menu goes with its menu: the button that opened the menu stays. */
function openerOf(element: Element | null): HTMLElement | null {
  const menu = element?.closest('[role=menu]');
  const opener = menu ? document.getElementById(menu.getAttribute('aria-labelledby') ?? '') : element;
  return opener instanceof HTMLElement && opener !== document.body ? opener : null;
}
