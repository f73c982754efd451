import { FEW, BUILD, REPLACED, testFaults } from '../support/fault-cases.ts';

testFaults('a first build', { before: [], build: BUILD, after: FEW, args: BUILD, products: ['dist/all'] });
testFaults('a build of a whole site', {
  before: [FEW],
  build: BUILD,
  after: REPLACED,
  args: BUILD,
  products: ['dist/all'],
});
testFaults('a build that changes nothing', {
  before: [FEW],
  build: BUILD,
  after: { ...FEW, 'notes.md': 'no package' },
  args: BUILD,
  products: ['dist/all'],
});
