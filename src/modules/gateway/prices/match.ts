/** Which names mean a model or a provider, as the price source says it (`model_prices.match`). */
export type Match =
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

/** Whether a name in lower case matches. */
export type Matcher = (name: string) => boolean;

/** What it does not understand matches nothing. */
export function matcherOf(match: Match): Matcher {
  if ('or' in match) {
    const some = match.or.map(matcherOf);
    return (name) => some.some((one) => one(name));
  }
  if ('and' in match) {
    const every = match.and.map(matcherOf);
    return (name) => every.every((one) => one(name));
  }
  if ('equals' in match) return comparing(match.equals, (name, text) => name === text);
  if ('starts_with' in match) return comparing(match.starts_with, (name, text) => name.startsWith(text));
  if ('ends_with' in match) return comparing(match.ends_with, (name, text) => name.endsWith(text));
  if ('contains' in match) return comparing(match.contains, (name, text) => name.includes(text));
  if ('regex' in match) {
    const pattern = patternOf(match.regex);
    return (name) => pattern?.test(name) ?? false;
  }
  return () => false;
}

function comparing(text: string, compare: (name: string, text: string) => boolean): Matcher {
  const lower = text.toLowerCase();
  return (name) => compare(name, lower);
}

function patternOf(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

const compactDate = /(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;

/** "gpt-4o-20240806" as "gpt-4o-2024-08-06": some gateways write the dates of models so. */
export function withDatesWritten(model: string): string {
  return model.replace(compactDate, (whole, dash: string, year: string, month: string, day: string) => {
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    return date.getUTCDate() === Number(day) ? `${dash}${year}-${month}-${day}` : whole;
  });
}
