import { resolve } from 'node:path';
import type { z } from 'zod';
import { check, readYamlFile } from './file.ts';
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

/** Reads the tables in a folder. If one doesn't exist there, reads the one in the folder `shipped`. */
export async function readTables(folder: string, shipped: string): Promise<Tables> {
  return {
    categories: await readTable([folder, shipped], 'categories.yml', writtenCategories),
    ingestionMethods: await readTable([folder, shipped], 'ingestion-methods.yml', writtenMethods),
  };
}

async function readTable<T>(
  [folder, shipped]: readonly [own: string, shipped: string],
  fileName: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const own = resolve(folder, fileName);
  const bytes = await readYamlFile(own, resolve(shipped, fileName));
  return check(schema, bytes, own);
}
