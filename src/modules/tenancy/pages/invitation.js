import { call, element, onSubmit, say, show } from './api.js';

const token = location.hash.slice(1);
// out of the address bar and the history before anything else happens
history.replaceState(null, '', location.pathname);
let invitation;

function askForPassword() {
  element('join-form').hidden = true;
  element('join-new-form').hidden = false;
}

function askToJoin(email) {
  element('signed-in-as').textContent = email;
  element('other-address').hidden = email === invitation.email;
  element('use-this-account').required = email !== invitation.email;
  element('join-form').hidden = false;
  element('join-new-form').hidden = true;
}

async function join(body) {
  await call('POST', '/v1/invitations/accept', { body: { token, ...body } });
  element('joined-organization').textContent = invitation.organization_name;
  document.title = 'Joined – Plinth';
  show('joined');
}

onSubmit(element('join-new-form'), ({ full_name, password }) => join({ full_name, password }));
onSubmit(element('join-form'), ({ use_this_account }) => join({ use_this_account: use_this_account === 'on' }));

element('sign-out').addEventListener('click', async () => {
  try {
    await call('POST', '/v1/sign-out');
    askForPassword();
    element('full-name').focus();
  } catch (error) {
    say(error.message, 'error');
  }
});

try {
  if (!token) {
    say('Open the link exactly as it was given to you: the part after # is missing.', 'error');
  } else {
    invitation = await call('POST', '/v1/invitations/preview', { body: { token } });
    element('organization').textContent = invitation.organization_name;
    element('role').textContent = invitation.role;
    element('address').textContent = invitation.email;
    element('inviter').textContent =
      invitation.invited_by === null ? 'the operator' : invitation.invited_by || 'a person without a name';
    const me = await call('GET', '/v1/me').catch((error) => {
      if (error.status !== 401) throw error;
    });
    if (me?.user) askToJoin(me.user.email);
    else askForPassword();
    show('invitation');
  }
} catch (error) {
  say(error.message, 'error');
}
