
# What the lines above cannot know: step-token is asked for names. fish takes a line break for the
# end of a name and a tabulator for the start of its description, so such names are left out.
function __step_token_answer
    set -l before (commandline -opc)
    set -l word (string unescape -- (commandline -ct); or commandline -ct)
    $before[1] complete -- $before[2..] "$word" 2>/dev/null | string split0
end

function __step_token_knows
    set -l answer (__step_token_answer)
    test "$answer[1]" = names
end

function __step_token_names
    set -l answer (__step_token_answer)
    test "$answer[1]" = names
    or return
    string match --invert --regex '[\n\t]' -- $answer[2..]
end

complete -c step-token -n __step_token_knows -f -a '(__step_token_names)'
for flag in provisioner issuer kid context
    complete -c step-token -l $flag -n __step_token_knows -x -a '(__step_token_names)'
end
