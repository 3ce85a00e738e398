import { errorCatalogue } from './errors.ts';

/** `docs/reference/errors.md`: every code of the modules that are loaded. */
export function renderErrorsReference(): string {
  const rows = [...errorCatalogue()].map(
    ([code, { status, title, hint }]) =>
      `| <a id="${code}"></a>\`${code}\` | ${status} | ${cell(title)} | ${cell(hint)} |`,
  );
  return `# Errors

Every error of the API is a problem document (RFC 9457) with a stable \`code\`; the command line prints the same code and
hint. Generated from the catalogue by \`npm run gen\`.

| Code | Status | What it means | What to do |
|---|---|---|---|
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
