import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditPath, leafHash, merkleRoot, rootFromPath } from './merkle.ts';

/** The entries and roots of the reference implementation's tests (google/certificate-transparency, merkle_tree_test). */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = entries.map(leafHash);

describe('Merkle trees of RFC 6962', () => {
  it('have the roots of the reference implementation', () => {
    expect(merkleRoot([]).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [n, root] of roots.entries()) {
      expect(merkleRoot(leaves.slice(0, n + 1)).toString('hex')).toBe(root);
    }
  });

  it('have the paths of the reference implementation', () => {
    const hex = (index: number, size: number) =>
      auditPath(leaves.slice(0, size), index).map((one) => one.toString('hex'));
    expect(hex(0, 8)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(hex(2, 3)).toEqual(['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']);
    expect(() => auditPath(leaves, 8)).toThrow(RangeError);
  });

  it('prove each leaf, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), (size, place, flip) => {
        const tree = Array.from({ length: size }, (_, n) => leafHash(Buffer.from(`entry ${n}`)));
        const index = place % size;
        const root = merkleRoot(tree).toString('hex');
        const path = auditPath(tree, index);
        const leaf = tree[index] as Buffer;
        expect(rootFromPath(leaf, index, size, path)?.toString('hex')).toBe(root);
        const forged = Buffer.from(leaf);
        forged[flip % 32] = (forged[flip % 32] as number) ^ 1;
        expect(rootFromPath(forged, index, size, path)?.toString('hex')).not.toBe(root);
        expect(rootFromPath(leaf, index, size, [...path, leaf])?.toString('hex')).not.toBe(root);
        if (path.length > 0) expect(rootFromPath(leaf, index, size, path.slice(1))?.toString('hex')).not.toBe(root);
        expect(rootFromPath(leaf, size, size, path)).toBeUndefined();
      }),
      { seed: 6962, numRuns: 300 },
    );
  });
});
