import { BASE, BUILD, REPLACED, testFaults } from '../support/fault-cases.ts';

testFaults('a first build', { before: [], build: BUILD, after: BASE, args: BUILD, products: ['dist/all'] });
testFaults('a build of a whole site', {
  before: [BASE],
  build: BUILD,
  after: REPLACED,
  args: BUILD,
  products: ['dist/all'],
});
testFaults('a build that changes nothing', {
  before: [BASE],
  build: BUILD,
  after: { ...BASE, 'notes.md': 'no package' },
  args: BUILD,
  products: ['dist/all'],
});
