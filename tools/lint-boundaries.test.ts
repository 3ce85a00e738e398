import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dependsOnOf, lintFile, lintFiles, readSources } from './lint-boundaries.ts';

const rules = (path: string, text: string) => lintFile({ path, text }).map(({ rule }) => rule);
const anywhere = 'src/modules/events/service.ts';

test.each([
  ["await fetch('https://example.com')"],
  ['const f = fetch;'],
  ['globalThis.fetch(url)'],
  ['globalThis . fetch (url)'],
  ['new WebSocket(url)'],
  [`\`\${await fetch(url)}\``],
  ["import http from 'node:http';\nhttp.request(url)"],
  ["import * as https from 'https';\nhttps.get(url)"],
  ["import { request } from 'node:http';"],
  ["import { get as load } from 'node:https';"],
  ["import net from 'node:net';\nnet.connect(1)"],
  ["import net from 'node:net';\nnet?.createConnection(1)"],
  ["import net from 'node:net';\nnet['connect'](1)"],
  ["import net from 'node:net';\nconst { connect } = net;"],
  ["import { Socket } from 'node:net';"],
  ["import tls from 'node:tls';\ntls.connect(1)"],
  ["import { lookup } from 'node:dns/promises';"],
  ["import dns from 'dns';"],
  ["import dgram from 'node:dgram';"],
  ["import http2 from 'node:http2';\nhttp2.connect(u)"],
  ["import { Agent } from 'undici';"],
  ["import axios from 'axios';"],
  ["const http = await import('node:http');"],
  ["const net = require('net');"],
])('outbound: %j', (text) => {
  expect(rules(anywhere, text)).toContain('outbound');
  expect(rules('src/platform/worker/loop.ts', text)).toContain('outbound');
  expect(rules('src/platform/net/outbound.ts', text)).not.toContain('outbound');
  expect(rules('src/modules/events/hooks.test.ts', text)).not.toContain('outbound');
});

test.each([
  ['// fetch(url)'],
  ["const text = 'fetch(url)';"],
  ['await this.fetch(url)'],
  ['app.fetch(request)'],
  ['const options = { fetch: guarded };'],
  ['interface Client { fetch(url: string): Promise<void> }\nclass A { fetch(url: string) { return url; } }'],
  ['prefetch(url); fetchRows();'],
  ["import http from 'node:http';\nhttp.createServer(handler)"],
  ["import { createServer, isIP } from 'node:net';"],
  ["import type { Socket } from 'node:net';"],
  ["import { isIP, type Socket } from 'node:net';"],
  ["import type { LookupAddress } from 'node:dns';"],
])('not outbound: %j', (text) => expect(rules(anywhere, text)).toEqual([]));

test.each([
  ["import { spawn } from 'node:child_process';"],
  ["import cp from 'child_process';"],
  ["const { exec } = await import('node:child_process');"],
  ["process.getBuiltinModule('child_process')"],
  ["process.binding('spawn_sync')"],
])('child-process: %j', (text) => {
  expect(rules(anywhere, text)).toContain('child-process');
  expect(rules('tools/check.ts', text)).not.toContain('child-process');
});

test.each([
  ['src/platform/http/server.ts', "import { x } from '../../modules/tenancy/index.ts';"],
  ['src/platform/http/server.ts', "import type { X } from '../../modules/tenancy/index.ts';"],
  ['src/platform/http/server.ts', "import { x } from '../../cli/output.ts';"],
  ['src/platform/http/server.ts', "import { x } from '../../modules.ts';"],
  ['src/platform/http/server.ts', "export * from './../../modules/tenancy/index.ts';"],
  ['src/platform/module.ts', "await import('../modules/tenancy/index.ts')"],
])('platform-imports: %s %j', (path, text) => expect(rules(path, text)).toEqual(['platform-imports']));

test('the platform may import itself', () => {
  expect(
    rules('src/platform/http/server.ts', "import { errors } from '../core/errors.ts';\nimport x from '../module.ts';"),
  ).toEqual([]);
});

test('a module is imported through its index.ts', () => {
  expect(rules('src/modules/events/routes.ts', "import { x } from '../tenancy/service.ts';")).toEqual(['module-index']);
  expect(rules('src/modules/events/deep/a.ts', "import { x } from '../../tenancy/keys/store.ts';")).toEqual([
    'module-index',
  ]);
  expect(rules('src/modules/events/events.test.ts', "import { x } from '../tenancy/service.ts';")).toEqual([
    'module-index',
  ]);
  expect(rules('src/modules/events/routes.ts', "import { x } from '../tenancy/index.ts';")).toEqual([]);
  expect(rules('src/modules/events/routes.ts', "import { x } from './service.ts';")).toEqual([]);
  expect(rules('src/modules/events/deep/a.ts', "import { x } from '../service.ts';")).toEqual([]);
});

test('a module imports only what its module.ts depends on, and is not judged without one', () => {
  const uses = (path: string) => ({ path, text: "import { x } from '../tenancy/index.ts';" });
  const declares = (list: string) => ({
    path: 'src/modules/events/module.ts',
    text: `export default { name: 'events', dependsOn: [${list}] };`,
  });
  const found = (...files: { path: string; text: string }[]) => lintFiles(files).map(({ rule }) => rule);
  expect(found(uses('src/modules/events/routes.ts'), declares("'projects'"))).toEqual(['module-depends-on']);
  expect(found(uses('src/modules/events/routes.ts'), declares(''))).toEqual(['module-depends-on']);
  expect(found(uses('src/modules/events/routes.ts'), declares("'projects', 'tenancy'"))).toEqual([]);
  expect(found(uses('src/modules/events/routes.ts'))).toEqual([]);
  expect(dependsOnOf("dependsOn: [\n  'a', // 'b',\n  \"c-d\",\n],\nother: ['e']")).toEqual(['a', 'c-d']);
  expect(dependsOnOf("const text = 'dependsOn: []';")).toBeUndefined();
});

test.each([
  ["import { createCipheriv } from 'node:crypto';"],
  ["import crypto from 'node:crypto';\ncrypto.createDecipheriv(a, b, c)"],
  ["import * as c from 'crypto';\nc.publicEncrypt(k, b)"],
  ["import { webcrypto } from 'node:crypto';"],
  ['await crypto.subtle.encrypt(a, b, c)'],
  ['globalThis.crypto.subtle.digest(a, b)'],
])('ciphers: %j', (text) => {
  expect(rules(anywhere, text)).toContain('ciphers');
  expect(rules('src/platform/core/crypto/gcm.ts', text)).not.toContain('ciphers');
});

test('hashes and randomness are no ciphers', () => {
  expect(
    rules(anywhere, "import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';\ncreateHash('sha256')"),
  ).toEqual([]);
});

test.each([
  ["createHash('md5')"],
  ['createHash("SHA1")'],
  ["crypto.createHash( 'sha-1' )"],
  ["createHmac('sha1', key)"],
  ["hash('md5', text)"],
])('weak-hash: %j', (text) => {
  expect(rules(anywhere, text)).toEqual(['weak-hash']);
  expect(rules('src/modules/events/old-signatures.test.ts', text)).toEqual([]);
});

test.each([
  ["import pg from 'pg';\nnew pg.Pool()"],
  ["import { Pool } from 'pg';"],
  ["const pg = await import('pg');"],
  ["import { from } from 'pg-copy-streams';"],
  ["import { PGlite } from '@electric-sql/pglite';"],
])('database-door: %j', (text) => {
  expect(rules(anywhere, text)).toContain('database-door');
  expect(rules('src/cli/sql.ts', text)).toContain('database-door');
  expect(rules('src/platform/db/postgres.ts', text)).not.toContain('database-door');
  expect(rules('src/platform/rest/rest.fixture.ts', text)).not.toContain('database-door');
  expect(rules('tests/isolation/run.ts', text)).not.toContain('database-door');
});

test('types of pg are free', () =>
  expect(rules(anywhere, "import type pg from 'pg';\nimport { type Pool } from 'pg';")).toEqual([]));

test('files are at most 500 lines, generated ones excepted', () => {
  const lines = (count: number) => 'x;\n'.repeat(count);
  expect(rules(anywhere, lines(500))).toEqual([]);
  expect(rules(anywhere, lines(501))).toEqual(['file-length']);
  expect(rules('src/modules/events/migrations/0001_events.up.sql', 'select 1;\n'.repeat(501))).toEqual(['file-length']);
  expect(rules('src/schema.gen.ts', lines(5000))).toEqual([]);
  expect(rules('tests/golden/plan.sql', lines(5000))).toEqual([]);
  expect(rules('docs/long.md', lines(5000))).toEqual([]);
});

test('a finding names file, line and rule', () => {
  expect(lintFile({ path: anywhere, text: '\n\nfetch(url)\n' })).toEqual([
    { rule: 'outbound', path: anywhere, line: 3, message: expect.stringContaining('src/platform/net') },
  ]);
});

test('the repository is clean, and was read', () => {
  const files = readSources(fileURLToPath(new URL('..', import.meta.url)));
  expect(files.map(({ path }) => path)).toContain('src/platform/net/outbound.ts');
  expect(lintFiles(files)).toEqual([]);
});
