import { BASE, BUILD, CHANGED, FEW, REPLACED, testFaults } from '../support/fault-cases.ts';

for (const host of ['nginx', 'netlify', 'cloudflare']) {
  const build = [...BUILD, '--target', host];
  const products = ['dist/all', `dist/all.${host}`];
  testFaults(`a build for ${host}`, { before: [BASE], build, after: CHANGED, args: build, products });
}

const build = [...BUILD, '--target', 'netlify'];
testFaults('a build of a whole site for netlify', {
  before: [FEW],
  build,
  after: REPLACED,
  args: build,
  products: ['dist/all', 'dist/all.netlify'],
});
