# SPDX-License-Identifier: Apache-2.0
# Completion of dircertctl for bash.  The words come from the program's own tables (dircertctl --complete).

_dircertctl()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
    local command='' word i words=''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -H | -D | -y | -w | -Y | -b | -c | --uri | --bind-dn | --password-file | --password | --mechanism | --base | \
            --config | --ca-file | --ca-directory | --cert-file | --key-file | --instance | --color)
            ((i++)) ;;
        -*) ;;
        *)
            command=$word
            break
            ;;
        esac
    done
    case $previous in
    --state) words='proposed pending approved rejected submitted failed fulfilled withdrawn held' ;;
    --type) words='reissue revoke' ;;
    --color) words='auto always never' ;;
    -Y | --mechanism) words='EXTERNAL' ;;
    -c | -y | --config | --password-file | --ca-file | --cert-file | --key-file | --html)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --policy | -P)
        [[ $command == lint ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --ca-directory)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    *)
        if [[ -z $command && $current != -* ]]; then
            words=$("$program" --complete 2>/dev/null)
        elif [[ $current == -* ]]; then
            words=$("$program" --complete ${command:+"$command"} 2>/dev/null)
        elif [[ $command == requests ]]; then
            words='show'
        elif [[ $command == lint || $command == what-if ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        elif [[ $command == policy ]]; then
            words='check template'
            [[ $previous == check ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current") && return
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _dircertctl dircertctl
