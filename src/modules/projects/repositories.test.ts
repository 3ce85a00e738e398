import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  type TestPerson,
  text,
} from '../../../tests/support/plinth.ts';
import { assertRepositoryUrl } from './repository-url.ts';

describeEngines('repositories', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  let member: TestPerson;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
    member = await addPerson(plinth, acme, 'member');
  });
  afterAll(() => plinth.close());
  const create = (key: string, body: object) => plinth.call('POST', '/v1/repositories', { key, body });
  const link = (key: string, project: string, repository: string, method: 'PUT' | 'DELETE' = 'PUT') =>
    plinth.call(method, `/v1/projects/${project}/repositories/${repository}`, { key });

  it('are one each by provider and name, without regard to case', async () => {
    const made = await create(acme.key, {
      full_name: 'Octocat/Hello-World',
      url: 'https://github.com/octocat/hello-world.git',
      languages: ['TypeScript'],
      analysis_config: { exclude: ['dist'] },
    });
    expect(made.body).toMatchObject({ name: 'Hello-World', provider: 'github', default_branch: 'main' });
    expect((await create(acme.key, { full_name: 'octocat/HELLO-world' })).body).toMatchObject({
      code: 'already_exists',
      field: 'full_name',
    });
    expect((await create(acme.key, { full_name: 'octocat/hello-world', provider: 'gitlab' })).status).toBe(201);
    expect((await create(other.key, { full_name: 'octocat/hello-world' })).status).toBe(201);
  });

  it('are changed and removed by who added them, and by administrators', async () => {
    const mine = text((await create(member.key, { full_name: 'm/mine' })).body['id']);
    const theirs = text((await create(acme.key, { full_name: 'a/theirs' })).body['id']);
    const patch = (key: string, id: string, body: object) =>
      plinth.call('PATCH', `/v1/repositories/${id}`, { key, body });
    expect((await patch(member.key, mine, { default_branch: 'trunk', languages: ['Go', 'C'] })).body).toMatchObject({
      default_branch: 'trunk',
      languages: ['Go', 'C'],
    });
    expect((await patch(member.key, theirs, { default_branch: 'x' })).status).toBe(403);
    expect((await patch(other.key, theirs, { default_branch: 'x' })).status).toBe(404);
    expect((await patch(acme.key, mine, { full_name: 'A/THEIRS' })).body).toMatchObject({ code: 'already_exists' });
    expect((await patch(acme.key, mine, { url: 'file:///etc/passwd' })).body).toMatchObject({ field: 'url' });
    expect((await plinth.call('DELETE', `/v1/repositories/${theirs}`, { key: member.key })).status).toBe(403);
    expect((await plinth.call('DELETE', `/v1/repositories/${mine}`, { key: member.key })).status).toBe(204);
    expect((await plinth.call('GET', `/v1/repositories/${mine}`, { key: acme.key })).status).toBe(404);
  });

  it('are linked to projects of the same organization, by who may change the project', async () => {
    const project = text(
      (await plinth.call('POST', '/v1/projects', { key: acme.key, body: { name: 'P' } })).body['id'],
    );
    const repository = text((await create(acme.key, { full_name: 'a/linked' })).body['id']);
    const foreign = text((await create(other.key, { full_name: 'o/foreign' })).body['id']);
    expect((await link(acme.key, project, repository)).status).toBe(204);
    expect((await link(acme.key, project, repository)).status).toBe(204);
    expect((await link(acme.key, project, foreign)).status).toBe(404);
    expect((await link(other.key, project, foreign)).status).toBe(404);
    expect((await link(member.key, project, repository)).status).toBe(403);
    const list = await plinth.call('GET', `/v1/projects/${project}/repositories`, { key: member.key });
    expect(list.body).toMatchObject({ data: [{ id: repository }], next_cursor: null });
    expect((await link(acme.key, project, repository, 'DELETE')).status).toBe(204);
    expect((await link(acme.key, project, repository, 'DELETE')).status).toBe(404);
    const rows = await plinth.owner('select 1 from plinth.project_repositories where project_id = $1', [project]);
    expect(rows).toEqual([]);
  });
});

describe('URLs of repositories', () => {
  it.each([
    'https://github.com/a/b.git',
    'ssh://git@github.com/a/b',
    'ssh://github.com:2222/a/b',
    'git@github.com:a/b.git',
    'HTTPS://GITHUB.COM/a/b',
  ])('%s is one', (url) => expect(() => assertRepositoryUrl(url)).not.toThrow());

  it.each([
    'file:///etc/passwd',
    '/srv/git/a.git',
    '../a',
    'http://github.com/a/b',
    'git://github.com/a/b',
    'ext::sh -c touch% /tmp/x',
    'https://user@github.com/a/b',
    'https://user:secret@github.com/a/b',
    'ssh://git:secret@github.com/a/b',
    '-u:x',
    '--upload-pack=touch@x:y z',
    '-oProxyCommand=x@host:path',
    'https://',
    '',
    'javascript:alert(1)',
  ])('%j is none', (url) =>
    expect(() => assertRepositoryUrl(url)).toThrow(expect.objectContaining({ code: 'invalid_value', field: 'url' })),
  );
});
