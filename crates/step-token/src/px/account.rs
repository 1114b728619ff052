//! The account a token is for: a file, and flags that override it.

use clap::Args;
use openstorage_token::{Account, AccountError};
use token_cli::{Error, Given, Source, World, empty_flag};

use crate::px::options::optional;

/// The account that the token is for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Subject and roles")]
pub(crate) struct PxAccountArgs {
    /// Read name, sub, email, roles and groups from this YAML file; flags override it
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_config: Option<Given<Source>>,

    /// Set the account's unique ID, which owns what the holder creates
    #[arg(long, value_name = "ID")]
    pub(crate) subject: Option<String>,

    /// Set the display name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Set the e-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,

    /// Add a role on the server, such as system.user (can be repeated)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,

    /// Add a group; `*` is every group (can be repeated)
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
}

/// Reads the file, if one is given; flags override its members.
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
            let (account, warnings) = Account::from_yaml(&text).map_err(|cause| {
                let is_tab =
                    matches!(&cause, AccountError::Yaml(error) if error.what.contains("tab"));
                let colon = if matches!(cause, AccountError::NoMapping { .. }) { "" } else { ":" };
                Error::settings(format!("{called}{colon} {cause}"))
                    .hints(is_tab.then(|| "indent YAML with spaces".to_owned()))
            })?;
            for warning in warnings {
                world.warn(&format!("{}: {warning}", file.value));
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

/// Derives a missing subject, with a warning; without a file, a name or an address must be given.
fn subject(account: &mut Account, has_file: bool, world: &World) -> Result<(), Error> {
    if !account.subject.is_empty() {
        return Ok(());
    }
    let nameless = account.name.is_empty() && account.email.is_empty();
    if nameless && !has_file {
        return Err(Error::usage("no subject, name or e-mail address given for the token")
            .hint("use --subject with a unique ID, or --auth-config with a file that has `sub:`"));
    }
    account.subject = account.derived_subject();
    let of = if nameless {
        "which all accounts without a name share"
    } else {
        "made from name and e-mail address"
    };
    world.warn(&format!(
        "no subject is given, so {} is used, {of}; set a unique one with --subject or `sub:`",
        account.subject
    ));
    Ok(())
}
