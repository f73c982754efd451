import { fileURLToPath } from 'node:url';

/** The distributions file that this program ships, over its sample storage. The shipped tables lie beside it. */
export const shippedConfig = fileURLToPath(new URL('../content/distributions.yml', import.meta.url));

/** The JSON schema of distributions files, by which editors check and complete one that lies beside it. */
export const shippedSchema = fileURLToPath(new URL('../content/distributions.schema.json', import.meta.url));
