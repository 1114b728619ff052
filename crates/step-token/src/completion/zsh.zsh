# What the function above cannot know: step-token is asked for names.
_step-token-names() {
    local typed=("${(@)words[2,CURRENT-1]}") answer
    # zsh expands a home directory at the start of an unquoted word.
    typed=("${(@)typed/#\~\//$HOME/}")
    answer=("${(@0)$(${(Q)words[1]} complete -- "${(@Q)typed}" "${(Q)PREFIX}" 2> /dev/null)}")
    if [[ $answer[1] != names ]]; then
        _step-token "$@"
        return
    fi
    if [[ $PREFIX == --*=* ]]; then compset -P '*='; fi
    answer=("${(@)answer[2,-2]}")
    (( $#answer )) && compadd -- "${(@)answer}"
}

compdef _step-token-names step-token
# From a directory in $fpath, zsh loads this file as a function, at its first use.
if [[ $funcstack[1] == _step-token ]]; then _step-token-names "$@"; fi
