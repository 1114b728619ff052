//! The names of a flag in the environment and in defaults files.

/// Returns the environment variables of a flag, in order of precedence (Q41).
pub(crate) fn variables_of(flag: &str) -> Vec<String> {
    let own = format!("STEP_{}", flag.replace('-', "_").to_uppercase());
    match flag {
        "force" => vec!["STEP_F".to_owned(), own],
        _ => vec![own],
    }
}

/// Returns the members of a defaults file that set a flag, in order of precedence (Q52).
pub(crate) fn members_of(flag: &'static str) -> Vec<&'static str> {
    match flag {
        "provisioner" => vec![flag, "issuer"],
        "principal" => vec![flag, "n"],
        "force" => vec![flag, "f"],
        _ => vec![flag],
    }
}

/// Adds the environment variable to the help of every flag that has one.
pub(crate) fn with_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| {
        let Some(name) = argument.get_long().map(str::to_owned) else { return argument };
        if ["table", "can"].contains(&name.as_str()) {
            return argument;
        }
        let variable = variables_of(&name).join(", ");
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        argument.help(format!("{help} [env: {variable}]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_the_flag_in_capitals() {
        assert_eq!(variables_of("ca-url"), ["STEP_CA_URL"]);
        assert_eq!(variables_of("force"), ["STEP_F", "STEP_FORCE"]);
    }

    #[test]
    fn every_spelling_is_a_member() {
        assert_eq!(members_of("provisioner"), ["provisioner", "issuer"]);
        assert_eq!(members_of("san"), ["san"]);
    }
}
