import { expect, test } from 'vitest';
import { parseCidr } from '../core/cidr.ts';
import { addressRefusal } from './addresses.ts';

const closed = { allow: [], allowLoopback: false };

test.each([
  ['0.0.0.0'],
  ['0.1.2.3'],
  ['10.0.0.1'],
  ['10.255.255.255'],
  ['100.64.0.1'],
  ['100.100.100.200'],
  ['127.0.0.1'],
  ['127.255.255.254'],
  ['168.63.129.16'],
  ['169.254.169.254'],
  ['169.254.170.2'],
  ['172.16.0.1'],
  ['172.31.255.255'],
  ['192.0.0.1'],
  ['192.0.0.192'],
  ['192.0.2.1'],
  ['192.31.196.1'],
  ['192.52.193.1'],
  ['192.88.99.1'],
  ['192.168.1.1'],
  ['192.175.48.1'],
  ['198.18.0.1'],
  ['198.19.255.255'],
  ['198.51.100.1'],
  ['203.0.113.1'],
  ['224.0.0.1'],
  ['239.255.255.255'],
  ['240.0.0.1'],
  ['255.255.255.255'],
  ['::'],
  ['::1'],
  ['::127.0.0.1'],
  ['::169.254.169.254'],
  ['::8.8.8.8'],
  ['::ffff:127.0.0.1'],
  ['::ffff:7f00:1'],
  ['::ffff:169.254.169.254'],
  ['::ffff:0:127.0.0.1'],
  ['64:ff9b::7f00:1'],
  ['64:ff9b::a9fe:a9fe'],
  ['64:ff9b::8.8.8.8'],
  ['64:ff9b:1::1'],
  ['100::1'],
  ['2001::1'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['2001:2::1'],
  ['2001:10::1'],
  ['2001:20::1'],
  ['2001:db8::1'],
  ['2002:7f00:1::'],
  ['2002:a9fe:a9fe::'],
  ['2620:4f:8000::1'],
  ['3fff::1'],
  ['4000::1'],
  ['5f00::1'],
  ['fc00::1'],
  ['fd00:ec2::254'],
  ['fe80::1'],
  ['fe80::1%eth0'],
  ['fe81::1'],
  ['fec0::1'],
  ['ff02::1'],
  ['127.1'],
  ['2130706433'],
  ['0x7f.1'],
  ['0177.0.0.1'],
  ['08.8.8.8'],
  ['localhost'],
  [''],
  ['8.8.8.8, 127.0.0.1'],
])('%s is refused', (address) => expect(addressRefusal(address, closed)).toBeTypeOf('string'));

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '192.0.1.1',
  '198.20.0.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
])('%s is public', (address) => expect(addressRefusal(address, closed)).toBeUndefined());

test('loopback opens this machine and nothing else', () => {
  const development = { allow: [], allowLoopback: true };
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    expect(addressRefusal(address, development)).toBeUndefined();
  }
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '169.254.169.254', '::127.0.0.1', '64:ff9b::7f00:1']) {
    expect(addressRefusal(address, development)).toBeTypeOf('string');
  }
});

test('the operator opens ranges; what is no one machine stays closed; a translated address is judged by its target', () => {
  const policy = {
    allow: [parseCidr('10.1.0.0/16'), parseCidr('64:ff9b::/96'), parseCidr('fd00:1::/32')],
    allowLoopback: false,
  };
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5', '64:ff9b::8.8.8.8', '64:ff9b::10.1.0.1']) {
    expect(addressRefusal(address, policy)).toBeUndefined();
  }
  for (const address of ['10.2.0.1', 'fd00:2::5', '64:ff9b::a9fe:a9fe', '64:ff9b::7f00:1']) {
    expect(addressRefusal(address, policy)).toBeTypeOf('string');
  }
  const everything = { allow: [parseCidr('0.0.0.0/0'), parseCidr('::/0')], allowLoopback: true };
  for (const address of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1']) {
    expect(addressRefusal(address, everything)).toBeTypeOf('string');
  }
  expect(addressRefusal('169.254.169.254', everything)).toBeUndefined();
});
