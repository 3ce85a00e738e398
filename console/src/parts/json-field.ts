type Parsed =
  | { readonly value: unknown; readonly wrong?: undefined }
  | { readonly value?: undefined; readonly wrong: string };

/** What somebody typed as JSON, or what is wrong with it; nothing typed is an empty object. */
export function parsedJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text.trim() === '' ? '{}' : text) };
  } catch (error) {
    return { wrong: `This is not JSON: ${(error as Error).message}` };
  }
}

/** The same, where it must be an object. */
export function parsedObject(text: string): Parsed {
  const parsed = parsedJson(text);
  if (parsed.wrong !== undefined) return parsed;
  const isObject = typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  return isObject ? parsed : { wrong: 'This is JSON, but no object: { "name": "value" }' };
}
