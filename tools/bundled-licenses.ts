/** Which licences code that is bundled into the console may have: those that Apache-2.0 software may include. */

/** SPDX ids. https://www.apache.org/legal/resolved.html, category A. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
  'Zlib',
]);

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says: an SPDX expression. */
  readonly license: string;
}

/** The packages of the file that the bundler writes (`build.license` in console/vite.config.ts). */
export function bundledPackages(text: string): BundledPackage[] {
  return [...text.matchAll(/^## (\S+) - (\S+) \((.*)\)$/gm)].map(([, name = '', version = '', license = '']) => ({
    name,
    version,
    license,
  }));
}

/** Packages whose licence is none of the allowed ones, or not named. */
export function refusedPackages(packages: readonly BundledPackage[]): BundledPackage[] {
  return packages.filter(({ license }) => !isAllowed(license));
}

/** "MIT", "(MIT OR GPL-3.0-only)": one of the choices is enough; "MIT AND ISC": all must be allowed. */
function isAllowed(expression: string): boolean {
  const choices = expression.replace(/[()]/g, '').split(/ OR /i);
  return choices.some((choice) => choice.split(/ AND /i).every((one) => allowed.has(one.trim())));
}
