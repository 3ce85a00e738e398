/** The server's own address, which may end in a path: this file is in `assets/` below it. */
const base = new URL('..', import.meta.url).href.replace(/\/$/, '');

/** Calls the API as the signed-in person. Resolves with the answer; rejects with an Error in words for people. */
export async function call(method, path, { body, organization } = {}) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (organization) headers['plinth-organization'] = organization;
  let response;
  try {
    response = await fetch(base + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error('The server can not be reached. Is it running?');
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (response.ok) return answer;
  throw Object.assign(new Error(inWords(answer, response)), { code: answer?.code, status: response.status });
}

function inWords(problem, response) {
  if (!problem?.title) return `The server answered ${response.status}.`;
  const wait = response.headers.get('retry-after');
  const detail = problem.detail ? `: ${problem.detail}` : '';
  return `${problem.title}${detail}. ${wait ? `Wait ${wait} seconds and try again.` : (problem.hint ?? '')}`;
}

export const element = (id) => document.getElementById(id);

/** Shows one section and moves the focus to its heading, so that screen readers say where they are. */
export function show(section) {
  for (const other of document.querySelectorAll('main > section')) other.hidden = other.id !== section;
  element(section).querySelector('h1')?.focus();
}

export function say(message, kind = 'note') {
  const status = element('status');
  status.textContent = message;
  status.dataset.kind = kind;
}

/** Runs `work` with the form's values when it is sent; errors are said, and the button waits meanwhile. */
export function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button[type=submit]');
    button.disabled = true;
    say('');
    try {
      await work(Object.fromEntries(new FormData(form)));
    } catch (error) {
      say(error.message, 'error');
    } finally {
      button.disabled = false;
    }
  });
}

export function copyOnClick(button, source) {
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      say('The key was copied.');
    } catch {
      getSelection().selectAllChildren(source);
      say('The key is selected: copy it with the keyboard.');
    }
  });
}
