import { BASE, BUILD, testFaults } from '../support/fault-cases.ts';

testFaults('a bundle', {
  before: [BASE],
  build: BUILD,
  after: BASE,
  args: ['bundle', '--dist', 'all', '--json'],
  products: ['dist/all', 'dist/all.tar', 'dist/all.tar.contents', 'dist/all.tar.sha256'],
});
