import type { z } from 'zod';
import { check, readBeside } from './file.ts';
import type { ConfigPlace } from './file.ts';
import { writtenCategories, writtenMethods } from './schema.ts';

/** The tables of the registry. They change with its version. */
export interface Tables {
  readonly categories: readonly Category[];
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
}

export interface Category {
  readonly id: string;
  readonly title: string;
  readonly parent?: string | undefined;
}

/** Reads the tables beside a distributions file; in place of one that isn't there, the one beside the file `shipped`. */
export async function readTables(config: ConfigPlace, shipped: string): Promise<Tables> {
  return {
    categories: await readTable([config, shipped], 'categories.yml', writtenCategories),
    ingestionMethods: await readTable([config, shipped], 'ingestion-methods.yml', writtenMethods),
  };
}

async function readTable<T>(
  [config, shipped]: readonly [config: ConfigPlace, shipped: string],
  name: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const found = (await readBeside(config, name)) ?? (await readBeside(shipped, name));
  return check(schema, found?.value, found?.file ?? name);
}
