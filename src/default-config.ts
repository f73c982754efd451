import { fileURLToPath } from 'node:url';

/** The distributions file that this program ships, over its sample storage. The shipped tables lie beside it. */
export const shippedConfig = fileURLToPath(new URL('../content/distributions.yml', import.meta.url));
