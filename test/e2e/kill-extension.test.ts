import { BASE, BUILD, CHANGED, testFaults } from '../support/fault-cases.ts';

testFaults('an extension', { before: [BASE], build: BUILD, after: CHANGED, args: BUILD, products: ['dist/all'] });
