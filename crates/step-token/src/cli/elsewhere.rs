//! Commands and flags that exist, but not where they were looked for.

/// Returns where a command is, or what does its work, if it is not known at this path.
pub(crate) fn command(path: &[String], name: &str) -> Option<&'static str> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let rows = COMMANDS.iter().filter(|(at, _, _)| *at == path.as_slice());
    rows.into_iter().find(|(_, names, _)| names.contains(&name)).map(|(_, _, hint)| *hint)
}

/// A path, the words that are no commands there, and the hint.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

const COMMANDS: [Row; 20] = [
    (
        &[],
        &["inspect"],
        "use `step-token px inspect` for a storage token; no command shows a token of step-ca yet, but `step crypto jwt inspect --insecure` does",
    ),
    (
        &[],
        &["verify"],
        "use `step-token px verify` for a storage token; there is no such command for tokens of step-ca yet",
    ),
    (&[], &["secret"], "use `step-token px secret`"),
    (&[], &["keygen"], "use `step-token px keygen`"),
    (&[], &["can"], "use `step-token px can`, or `step-token ca provisioner list --can` for a CA"),
    (&[], &["roles", "role"], "use `step-token px roles`"),
    (&[], &["auth", "pxctl"], "use `step-token px token`"),
    (
        &[],
        &["fleet"],
        "use `step-token px token --fleet` for storage tokens; there is no fleet of tokens for step-ca yet",
    ),
    (&[], &["provisioner", "provisioners"], "use `step-token ca provisioner list`"),
    (
        &[],
        &[
            "health",
            "bootstrap",
            "root",
            "roots",
            "certificate",
            "sign",
            "revoke",
            "renew",
            "rekey",
            "ssh",
            "crypto",
        ],
        STEP,
    ),
    (&[], &["doctor", "agent"], "there is no such command yet; docs/owed.md lists what is missing"),
    (
        &["ca"],
        &[
            "health",
            "bootstrap",
            "root",
            "roots",
            "certificate",
            "sign",
            "revoke",
            "renew",
            "rekey",
            "init",
            "admin",
            "acme",
            "federation",
            "policy",
        ],
        STEP,
    ),
    (&["ca"], &["provisioners"], "use `step-token ca provisioner list`"),
    (&["ca", "provisioner"], &["add", "remove", "update", "jwe-key", "webhook"], STEP),
    (
        &["context"],
        &["create", "set", "unset", "delete"],
        "use `step-token px context` for the contexts of pxctl; a CA's contexts are made by `step ca bootstrap --context NAME`",
    ),
    (
        &["px", "context"],
        &["current", "show", "get"],
        "use `step-token px context list`: its member `current` names the current context",
    ),
    (&["px", "context"], &["select", "use"], "use `step-token px context set NAME`"),
    (&["px", "context"], &["remove", "rm"], "use `step-token px context delete NAME`"),
    (
        &["px"],
        &["mint", "generate", "fleet"],
        "use `step-token px token`, with --fleet for many tokens",
    ),
    (&["px"], &["can-i", "role"], "use `step-token px can` or `step-token px roles`"),
];

const STEP: &str = "use the command of `step`: this program mints tokens, and the other commands of step are still missing";

/// Returns the hint for a flag that a few other commands have; one that many have leads nowhere.
pub(crate) fn flag(name: &str, commands: &[String]) -> Option<String> {
    if commands.len() > 3 {
        return None;
    }
    let named: Vec<String> =
        commands.iter().map(|command| format!("`step-token {command}`")).collect();
    let (last, others) = named.split_last()?;
    let and = if others.is_empty() { String::new() } else { format!("{} and ", others.join(", ")) };
    Some(format!("{name} is a flag of {and}{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_another_family_is_led_to() {
        let hint = |path: &str, name: &str| {
            let path: Vec<String> = path.split_whitespace().map(str::to_owned).collect();
            command(&path, name).unwrap_or_default()
        };
        for (path, name, part) in [
            ("", "inspect", "px inspect"),
            ("", "verify", "px verify"),
            ("ca", "health", "`step`"),
            ("px context", "current", "px context list"),
            ("px context", "select", "px context set"),
            ("context", "set", "px context"),
        ] {
            assert!(hint(path, name).contains(part), "{path} {name}");
        }
        assert_eq!((hint("", "tokn"), hint("px", "inspect")), ("", ""));
    }

    #[test]
    fn the_commands_that_have_a_flag_are_named() {
        let commands = ["px token", "px verify"].map(str::to_owned);
        assert_eq!(flag("--x", &[]), None);
        assert_eq!(flag("--x", &["a", "b", "c", "d"].map(str::to_owned)), None);
        assert_eq!(
            flag("--x", &commands).unwrap(),
            "--x is a flag of `step-token px token` and `step-token px verify`"
        );
    }
}
