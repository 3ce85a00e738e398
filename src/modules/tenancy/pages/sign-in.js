import { call, copyOnClick, element, onSubmit, say, show } from './api.js';

const token = location.hash.slice(1);
if (token) history.replaceState(null, '', location.pathname);
let organization;

async function showAccount() {
  const me = await call('GET', '/v1/me', { organization });
  element('account-email').textContent = me.user.email;
  element('account-organization').textContent = me.organization?.name ?? 'none chosen';
  element('account-role').textContent = me.organization?.role ?? '–';
  element('make-key').hidden = !me.permissions.includes('api_keys:write');
  const live = me.organizations.filter((one) => one.deleted_at === null);
  fillSwitcher(live, me.organization?.id);
  show('account');
}

function fillSwitcher(organizations, current) {
  element('switcher').hidden = organizations.length < 2;
  const options = organizations.map((one) => new Option(one.name, one.id, false, one.id === current));
  if (!current) options.unshift(new Option('choose …', ''));
  element('organization').replaceChildren(...options);
}

element('organization').addEventListener('change', async (event) => {
  organization = event.target.value || undefined;
  element('new-key').hidden = true;
  try {
    await showAccount();
  } catch (error) {
    say(error.message, 'error');
  }
});

onSubmit(element('sign-in-form'), async ({ email, password }) => {
  await call('POST', '/v1/sign-in', { body: { email, password } });
  element('sign-in-form').reset();
  await showAccount();
});

onSubmit(element('set-password-form'), async ({ password }) => {
  await call('POST', '/v1/sign-in/link', { body: { token, password } });
  await showAccount();
});

onSubmit(element('key-form'), async ({ name }) => {
  const made = await call('POST', '/v1/api-keys', { body: { name }, organization });
  element('key').textContent = made.key;
  element('key-form').reset();
  element('new-key').hidden = false;
  element('new-key').querySelector('h2').focus();
});
copyOnClick(element('copy'), element('key'));

element('sign-out').addEventListener('click', async () => {
  try {
    await call('POST', '/v1/sign-out');
    element('key').textContent = '';
    element('new-key').hidden = true;
    organization = undefined;
    show('sign-in');
    say('You are signed out.');
  } catch (error) {
    say(error.message, 'error');
  }
});

try {
  if (token) show('set-password');
  else await showAccount();
} catch (error) {
  if (error.status !== 401) say(error.message, 'error');
  show('sign-in');
  const { needed } = await call('GET', '/v1/first-run').catch(() => ({ needed: false }));
  element('first-run-hint').hidden = !needed;
}
