import { join } from 'node:path';
import { pathWord, shellQuote } from '../../command-line.ts';
import { bucketUrl, requireBucket } from '../reader.ts';
import type { ReaderProgram } from '../reader.ts';

/** One file for a function of AWS Lambda. */
export const lambdaReader: ReaderProgram = {
  files: (store, code) => {
    requireBucket(store, 'lambda');
    return new Map([['index.mjs', code]]);
  },
  next: (store, folder) => {
    const variables = shellQuote(`Variables={STORE=${bucketUrl(requireBucket(store, 'lambda'))}}`);
    return [
      `zip -j epr.zip ${pathWord(join(folder, 'index.mjs'))}`,
      `aws lambda create-function --function-name epr --runtime nodejs22.x --handler index.handler --memory-size 1024 --timeout 60 --environment ${variables} --zip-file fileb://epr.zip --role YOUR-ROLE`,
      'aws lambda create-function-url-config --function-name epr --invoke-mode RESPONSE_STREAM --auth-type AWS_IAM',
    ];
  },
};
