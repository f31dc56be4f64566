import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What can stand behind one command. */
interface Place {
  /** The commands before it, as `/jobs/explain`; the program itself is the empty one. */
  path: string;
  commands: { name: string; description: string }[];
  options: { name: string; description: string; choices: readonly string[] }[];
}

/** Prints a script for a shell's start-up file. Nothing of Tower has to run for it, then or later. */
export function completion(program: Command, shell: Shell): number {
  process.stdout.write(`${scripts[shell](placesOf(program))}\n`);
  return 0;
}

function placesOf(command: Command, path = ''): Place[] {
  const commands = command.commands.map((child) => ({ name: child.name(), description: child.description() }));
  const options = command.options.flatMap(({ long, description, argChoices }) =>
    typeof long === 'string' ? [{ name: long, description, choices: argChoices ?? [] }] : [],
  );
  const help = { name: '--help', description: 'display help for command', choices: [] };
  const here: Place = { path, commands, options: [...options, help] };
  return [here, ...command.commands.flatMap((child) => placesOf(child, `${path}/${child.name()}`))];
}

const wordsOf = ({ commands, options }: Place): string => [...commands, ...options].map(({ name }) => name).join(' ');

/** Which command the words before the present one lead to. */
const knownPaths = (places: readonly Place[]): string => places.flatMap(({ path }) => path || []).join('|');

/** Values of an option that has some to choose from: `path --option) words`. */
const choicesOf = (places: readonly Place[]): string[] =>
  places.flatMap(({ path, options }) =>
    options.flatMap(({ name, choices }) =>
      choices.length === 0 ? [] : [`    "${path} ${name}") words="${choices.join(' ')}" ;;`],
    ),
  );

const casesOf = (places: readonly Place[]): string =>
  places.map((place) => `    "${place.path}") words="${wordsOf(place)}" ;;`).join('\n');

const bash = (
  places: readonly Place[],
): string => `# tower completion bash; in ~/.bashrc: eval "$(tower completion bash)"
_tower() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in ${knownPaths(places)}) path="$path/$word" ;; esac
  done
  case "$path" in
${casesOf(places)}
  esac
  case "$path $before" in
${choicesOf(places).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tower tower`;

const zsh = (places: readonly Place[]): string => `#compdef tower
# tower completion zsh; in ~/.zshrc, behind compinit: eval "$(tower completion zsh)"
_tower() {
  local before="\${words[CURRENT-1]}" path_="" found="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$path_/$word" in ${knownPaths(places)}) path_="$path_/$word" ;; esac
  done
  case "$path_" in
${casesOf(places).replaceAll('words=', 'found=')}
  esac
  case "$path_ $before" in
${choicesOf(places).join('\n').replaceAll('words=', 'found=')}
  esac
  compadd -- \${=found}
  _files
}
compdef _tower tower`;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const fish = (places: readonly Place[]): string =>
  [
    '# tower completion fish; in ~/.config/fish/config.fish: tower completion fish | source',
    'function __tower_path',
    '  set -l path ""',
    '  for word in (commandline -opc)[2..-1]',
    `    contains -- "$path/$word" ${places.flatMap(({ path }) => path || []).join(' ')}; and set path "$path/$word"`,
    '  end',
    '  echo "$path"',
    'end',
    ...places.flatMap(({ path, commands, options }) => [
      ...commands.map(
        ({ name, description }) =>
          `complete -c tower -f -n 'test (__tower_path) = "${path}"' -a ${name} -d ${quoted(description)}`,
      ),
      ...options.map(
        ({ name, description, choices }) =>
          `complete -c tower -n 'test (__tower_path) = "${path}"' -l ${name.slice(2)}` +
          `${choices.length === 0 ? '' : ` -x -a ${quoted(choices.join(' '))}`} -d ${quoted(description)}`,
      ),
    ]),
  ].join('\n');

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish };
