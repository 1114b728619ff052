
# What the function above cannot know: step-token is asked for names, and files are offered only
# where a file is due. The word is read from the line, because bash splits it at `:` and `=`.
_step_token() {
    local text=${COMP_LINE:0:COMP_POINT} words=() word= raw= quote= char i
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        raw+=$char
        if [[ $quote == "'" && $char != "'" ]]; then
            word+=$char
        elif [[ $char == '\' ]]; then
            i=$((i + 1))
            raw+=${text:i:1} word+=${text:i:1}
        elif [[ $quote == '"' && $char != '"' ]]; then
            word+=$char
        elif [[ -n $quote ]]; then
            quote=
        elif [[ $char == ["'\""] ]]; then
            quote=$char
        elif [[ $char == ['|&;('] ]]; then
            words=() word= raw=
        elif [[ $char == [[:space:]] ]]; then
            if [[ -n ${raw%?} ]]; then
                # bash expands a home directory at the start of an unquoted word.
                if [[ $raw == '~/'* ]]; then word=$HOME${word:1}; fi
                words+=("$word")
            fi
            word= raw=
        else
            word+=$char
        fi
    done
    local kind= value flag= full head=${raw%"$2"}
    [[ $raw == --*=* ]] && flag=${raw%%=*}=
    COMPREPLY=()
    while IFS= read -r -d '' value; do
        if [[ -z $kind ]]; then
            kind=$value
            continue
        fi
        case $quote in
            "'") [[ $value == *"'"* ]] && continue; full=$flag$quote$value ;;
            '"') [[ $value == *['"\$`!']* ]] && continue; full=$flag$quote$value ;;
            *) printf -v full %q "$value"; full=$flag$full ;;
        esac
        [[ $full == "$head"* ]] && COMPREPLY+=("${full#"$head"}")
    done < <("$1" complete -- "${words[@]:1}" "$word" 2> /dev/null)
    case $kind in
        names) ;;
        files)
            compopt -o filenames 2> /dev/null
            while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$2")
            ;;
        directories)
            compopt -o filenames 2> /dev/null
            while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -d -- "$2")
            ;;
        *)
            _step__token "$@"
            # It offers the word itself where it knows no values.
            [[ -n ${COMPREPLY[*]} ]] || COMPREPLY=()
            ;;
    esac
}
if [[ ${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4 || ${BASH_VERSINFO[0]} -gt 4 ]]; then
    complete -o nosort -F _step_token step-token
else
    complete -F _step_token step-token
fi
