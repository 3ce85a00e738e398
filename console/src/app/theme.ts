import {
  type CSSVariablesResolver,
  createTheme,
  DEFAULT_THEME,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from '@mantine/core';
import type { Density } from './preferences.ts';

/** Dark enough from the sixth shade on for white text on it (6.0:1 and more). */
const brand: MantineColorsTuple = [
  '#eef3fc',
  '#dbe5f7',
  '#b4c9ef',
  '#8aabe6',
  '#6790dd',
  '#4a78cf',
  '#2f5fbd',
  '#1f4fa3',
  '#194289',
  '#12336c',
];

/** The library's theme with text that can be read: its own has greys and reds below 4.5:1 (WCAG 1.4.3). */
export function makeTheme(density: Density): MantineThemeOverride {
  const size = density === 'compact' ? 'xs' : 'sm';
  return createTheme({
    primaryColor: 'brand',
    colors: { brand },
    primaryShade: { light: 7, dark: 6 },
    autoContrast: true,
    respectReducedMotion: true,
    defaultRadius: 'sm',
    cursorType: 'pointer',
    fontFamily: 'system-ui, sans-serif',
    fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, monospace',
    headings: { fontFamily: 'system-ui, sans-serif', fontWeight: '650' },
    components: {
      Button: { defaultProps: { size } },
      TextInput: { defaultProps: { size } },
      PasswordInput: { defaultProps: { size } },
      Textarea: { defaultProps: { size } },
      Select: { defaultProps: { size } },
      NativeSelect: { defaultProps: { size } },
      MultiSelect: { defaultProps: { size } },
      // drawn with letters of their own height, not shouted
      Badge: { defaultProps: { variant: 'light', radius: 'sm' }, styles: { root: { textTransform: 'none' } } },
      Modal: {
        defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } },
        styles: { title: { fontWeight: 650 } },
      },
      Drawer: {
        defaultProps: { closeButtonProps: { 'aria-label': 'Close' } },
        styles: { title: { fontWeight: 650 } },
      },
      Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close the notice' } } },
      Anchor: { defaultProps: { underline: 'hover' } },
    },
  });
}

/** Shades of the library for text on a tinted ground, moved until each reaches 4.5:1 in both schemes. */
export const resolveVariables: CSSVariablesResolver = (theme) => {
  const light: Record<string, string> = {
    '--mantine-color-dimmed': '#545a61',
    '--mantine-color-placeholder': '#646b73',
    '--mantine-color-error': '#b42323',
    '--mantine-color-anchor': theme.colors['brand']![7]!,
    '--plinth-surface': '#ffffff',
    '--plinth-ground': '#f7f8fa',
    '--plinth-line': '#dfe3e8',
    '--plinth-hover': '#f0f3f8',
    '--plinth-edge': '#8a929c',
    '--plinth-series-1': '#1f4fa3',
    '--plinth-series-2': '#b03a1e',
    '--plinth-series-3': '#157347',
    '--plinth-series-4': '#7a3fa0',
    '--plinth-series-5': '#8a6100',
  };
  const dark: Record<string, string> = {
    '--mantine-color-dimmed': '#a9adb5',
    '--mantine-color-placeholder': '#9a9ea6',
    '--mantine-color-error': '#ff9c96',
    '--mantine-color-anchor': theme.colors['brand']![3]!,
    '--mantine-color-body': '#16181c',
    '--plinth-surface': '#1c1f24',
    '--plinth-ground': '#16181c',
    '--plinth-line': '#33373e',
    '--plinth-hover': '#262a31',
    '--plinth-edge': '#767d88',
    '--plinth-series-1': '#8aabe6',
    '--plinth-series-2': '#ff9d7a',
    '--plinth-series-3': '#6fd09a',
    '--plinth-series-4': '#cfa2ec',
    '--plinth-series-5': '#e6c25c',
  };
  for (const [name, shades] of Object.entries({ ...DEFAULT_THEME.colors, brand })) {
    light[`--mantine-color-${name}-light-color`] = `color-mix(in srgb, ${shades[9]} 70%, black)`;
    dark[`--mantine-color-${name}-light-color`] = shades[2];
  }
  return { variables: {}, light, dark };
};
