/*
 * Scripts with which shells complete the command line. They are made from the declarations of the verbs, so they know every option.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A verb as a shell completes it. */
export interface VerbWords {
  readonly name: string;
  readonly description: string;
  /** What its first argument can be: a verb below it, such as `prune` of `cache`, or one of some words. Empty if it can be anything. */
  readonly words: readonly string[];
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that it can have; undefined if it can have any. */
  readonly choices: readonly string[] | undefined;
}

/** The script for a shell. Where a value is not one of some words, the shell completes paths. */
export function completion(shell: Shell, verbs: readonly VerbWords[]): string {
  return { bash, zsh, fish }[shell](verbs);
}

function bash(verbs: readonly VerbWords[]): string {
  const cases = verbs.map(({ name, words, options }) => {
    const values = options.filter(({ takesValue }) => takesValue);
    const lines = values.map(
      (one) => `        ${flags(one).join('|')}) words=${quote(one.choices?.join(' ') ?? '')} ;;`,
    );
    const all = quote([...words, ...options.map(({ long }) => long)].join(' '));
    return `    ${name})\n      case "$previous" in\n${[...lines, `        *) words=${all} ;;`].join('\n')}\n      esac ;;`;
  });
  return `_epr_static() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  case "$([ "$COMP_CWORD" -gt 1 ] && printf %s "\${COMP_WORDS[1]}")" in
    '') words=${quote([...verbs.map(({ name }) => name), '--help', '--version'].join(' '))} ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _epr_static epr-static
`;
}

/** The script works as a file of `$fpath`, which is the body of a function of its own name, and as one that is sourced. */
function zsh(verbs: readonly VerbWords[]): string {
  const described = verbs.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`);
  const cases = verbs.map(({ name, words, options }) => {
    const specs = [
      ...options.map(zshOption),
      words.length > 0 ? quote(`1:word:(${words.join(' ')})`) : `'*:file:_files'`,
    ];
    return `    ${name}) _arguments \\\n      ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef epr-static
_epr-static() {
  local -a verbs
  verbs=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _epr-static ]; then
  _epr-static "$@"
else
  compdef _epr-static epr-static
fi
`;
}

/** An option as `_arguments` of zsh describes it (zshcompsys(1)). */
function zshOption(option: OptionWords): string {
  const text = option.description.replaceAll(/[[\]\\:]/g, '\\$&');
  const value = option.takesValue ? (option.choices ? `:value:(${option.choices.join(' ')})` : ':value:_files') : '';
  const names = flags(option);
  const [one = ''] = names;
  if (names.length === 1) return quote(`${one}[${text}]${value}`);
  return `${quote(`(${names.join(' ')})`)}{${names.join(',')}}${quote(`[${text}]${value}`)}`;
}

function fish(verbs: readonly VerbWords[]): string {
  const lines = verbs.flatMap(({ name, description, words, options }) => {
    const within = `complete -c epr-static -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c epr-static -f -n __fish_use_subcommand -a ${name} -d ${fishQuote(description)}`,
      ...words.map((one) => `${within} -f -a ${one}`),
      ...options.map((option) => `${within} ${fishOption(option)}`),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function fishOption({ long, short, description, takesValue, choices }: OptionWords): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const value = choices ? [`-x -a ${fishQuote(choices.join(' '))}`] : takesValue ? ['-r'] : [];
  return [...names, ...value, `-d ${fishQuote(description)}`].join(' ');
}

function flags({ long, short }: OptionWords): string[] {
  return short === undefined ? [long] : [short, long];
}

/** A word of a POSIX shell (XCU 2.2.2). */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In single quotes, fish knows only \\ and \' (fish-doc, "Quotes"). */
function fishQuote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
