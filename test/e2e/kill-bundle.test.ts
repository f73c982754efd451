import { FEW, BUILD, testFaults } from '../support/fault-cases.ts';

testFaults('a bundle', {
  before: [FEW],
  build: BUILD,
  after: FEW,
  args: ['bundle', '--dist', 'all', '--json'],
  products: ['dist/all', 'dist/all.tar', 'dist/all.tar.contents', 'dist/all.tar.sha256'],
});
