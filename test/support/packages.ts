import type { Files } from './folder.ts';

/** What makes a package other than the simplest legal one. */
export interface PackageParts {
  /** Lines of YAML, at the end of the manifest; of a key that is there already, these count. */
  readonly manifest?: string;
  readonly files?: Files;
  /** Paths of the simplest package that this one lacks. */
  readonly without?: readonly string[];
}

/** The files of a package `<name>/<version>/…`, starting from the simplest legal one. */
export function packageFiles(name: string, version: string, parts: PackageParts = {}): Files {
  const manifest = [
    'format_version: 3.0.0',
    `name: ${name}`,
    `version: ${version}`,
    `title: ${name}`,
    `description: The package ${name}.`,
    parts.manifest ?? '',
  ].join('\n');
  const files: Files = { 'manifest.yml': manifest, 'docs/README.md': `# ${name}\n`, ...parts.files };
  const kept = Object.entries(files).filter(([path]) => parts.without?.includes(path) !== true);
  return Object.fromEntries(kept.map(([path, content]) => [`${name}/${version}/${path}`, content]));
}

/** The files of a package's data stream `data_stream/<folder>/…`, the simplest legal one with these lines of YAML. */
export function dataStreamFiles(folder: string, manifest = ''): Files {
  const prefix = `data_stream/${folder}`;
  const keyword = ['type', 'dataset', 'namespace'].map(
    (name) => `- { name: data_stream.${name}, type: constant_keyword }`,
  );
  return {
    [`${prefix}/manifest.yml`]: ['type: logs', `title: ${folder}`, manifest].join('\n'),
    [`${prefix}/fields/base-fields.yml`]: [...keyword, "- { name: '@timestamp', type: date }"].join('\n'),
  };
}
