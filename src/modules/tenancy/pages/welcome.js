import { call, copyOnClick, element, onSubmit, say, show } from './api.js';

const token = location.hash.slice(1);
// out of the address bar and the history before anything else happens
history.replaceState(null, '', location.pathname);

onSubmit(element('first-run-form'), async ({ email, password, organization_name }) => {
  const made = await call('POST', '/v1/first-run', { body: { token, email, password, organization_name } });
  element('organization-name').textContent = made.organization.name;
  element('key').textContent = made.api_key.key;
  element('curl').textContent = `curl -H "Authorization: Bearer ${made.api_key.key}" ${location.origin}/v1/me`;
  document.title = 'Ready – Plinth';
  show('done');
});
copyOnClick(element('copy'), element('key'));

try {
  const { needed } = await call('GET', '/v1/first-run');
  if (!needed) location.replace('.');
  else if (token) show('form-section');
  else say('Open the link exactly as the server printed it: the part after # is missing.', 'error');
} catch (error) {
  say(error.message, 'error');
}
