//! Who a token speaks for: a file, and flags that outrank it.

use clap::Args;
use openstorage_token::{Account, AccountError};
use token_cli::{Error, Given, Source, World, empty_flag};

use crate::px::options::optional;

/// Who the token speaks for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Who the token speaks for")]
pub(crate) struct PxAccountArgs {
    /// Read name, sub, email, roles and groups from this YAML file; flags outrank it
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_config: Option<Given<Source>>,

    /// The unique ID; what the holder creates belongs to it
    #[arg(long, value_name = "ID")]
    pub(crate) subject: Option<String>,

    /// The name for people to read
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The e-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,

    /// A role on the server, such as system.user (can be repeated)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,

    /// A group; `*` is every group (can be repeated)
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
}

/// Reads the file, if there is one, and puts the flags over it.
pub(super) fn read(args: &PxAccountArgs, world: &World) -> Result<Account, Error> {
    let file = optional("auth-config", args.auth_config.as_ref())?;
    for (flag, list) in [("role", &args.role), ("group", &args.group)] {
        if list.iter().any(String::is_empty) {
            return Err(empty_flag(flag));
        }
    }
    let mut account = match &file {
        None => Account::default(),
        Some(file) => {
            let text = file.value.read_text(&file.origin, world)?;
            let called = format!("{} ({})", file.value, file.origin);
            let (account, notices) = Account::from_yaml(&text).map_err(|cause| {
                let is_tab =
                    matches!(&cause, AccountError::Yaml(error) if error.what.contains("tab"));
                let colon = if matches!(cause, AccountError::NoMapping { .. }) { "" } else { ":" };
                Error::settings(format!("{called}{colon} {cause}"))
                    .hints(is_tab.then(|| "YAML is indented with spaces".to_owned()))
            })?;
            for notice in notices {
                world.warn(&format!("{}: {notice}", file.value));
            }
            account
        }
    };
    let over = |member: &mut String, flag: &Option<String>| {
        if let Some(value) = flag {
            member.clone_from(value);
        }
    };
    over(&mut account.subject, &args.subject);
    over(&mut account.name, &args.name);
    over(&mut account.email, &args.email);
    if !args.role.is_empty() {
        account.roles = Some(args.role.clone());
    }
    if !args.group.is_empty() {
        account.groups = Some(args.group.clone());
    }
    subject(&mut account, file.is_some(), world)?;
    Ok(account)
}

/// Derives a subject that is missing, and says so; without a file there must be something of which.
fn subject(account: &mut Account, has_file: bool, world: &World) -> Result<(), Error> {
    if !account.subject.is_empty() {
        return Ok(());
    }
    let nameless = account.name.is_empty() && account.email.is_empty();
    if nameless && !has_file {
        return Err(Error::usage(
            "the token speaks for nobody: there is no subject, name or e-mail address",
        )
        .hint("--subject is the unique ID; --auth-config names a file with `sub:`"));
    }
    account.subject = account.derived_subject();
    let of =
        if nameless { "nothing: all who have none share it" } else { "name and e-mail address" };
    world.warn(&format!(
        "there is no subject, so {} is made of {of}; --subject or `sub:` gives a unique one",
        account.subject
    ));
    Ok(())
}
