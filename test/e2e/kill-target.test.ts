import { BASE, BUILD, CHANGED, testFaults } from '../support/fault-cases.ts';

const FOR_NGINX = [...BUILD, '--target', 'nginx'];
testFaults('a build for nginx', {
  before: [BASE],
  build: FOR_NGINX,
  after: CHANGED,
  args: FOR_NGINX,
  products: ['dist/all', 'dist/all.nginx'],
});
