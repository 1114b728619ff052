//! `ca provisioner list`: the CA's own JSON, or a table.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize as _;
use serde_json::value::RawValue;
use step_ca_client::OfflineCa;
use step_claims::Operation;
use step_provisioner::{Capability, Kind, Provisioner};
use token_cli::{Error, Switch, World, columns, output};
use token_text::{printable, printable_json};

use crate::authority::connection::Connection;
use crate::authority::unusable_config;
use crate::settings::ca::CaSettings;
use crate::settings::ca_args::CaArgs;
use crate::settings::effect::{refuse_or_clear, without_effect_here};
use crate::settings::global::GlobalArgs;

/// `ca provisioner list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print a table instead of JSON
    #[arg(long)]
    pub(crate) table: Option<Switch>,

    /// Print which operations each provisioner can authorise, and what to use for the others
    #[arg(long)]
    pub(crate) can: Option<Switch>,

    #[command(flatten)]
    pub(crate) ca: CaArgs,
}

/// Lists the provisioners of an online CA or of a ca.json.
pub(crate) fn run(args: &ListArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let mut settings = CaSettings::resolve(&args.ca, global, world)?;
    if settings.offline {
        only_listing(&mut settings, world)?;
    }
    let form = Form::of(args)?;
    let text = if settings.offline {
        let ca = OfflineCa::open(&settings.config.value)
            .map_err(|cause| unusable_config(&settings, cause))?;
        let config = ca.config();
        let provisioners = &config.provisioners;
        match form {
            Form::Json => json(&provisioners.iter().map(|entry| &*entry.raw).collect::<Vec<_>>())?,
            Form::Table => table(provisioners),
            Form::Capabilities => capabilities(provisioners, |provisioner, operation| {
                provisioner.capability_within(&config.claims, operation)
            }),
        }
    } else {
        let Some(url) = &settings.url else {
            return Err(Error::settings("no CA given")
                .hint("use --ca-url or STEP_CA_URL, or --offline to read a ca.json"));
        };
        let connection = Connection::open(&url.value, &settings, world)?;
        let list = connection.wait(connection.client.provisioner_list())?;
        match form {
            Form::Json => json(&list.raw().collect::<Vec<_>>())?,
            Form::Table => table(&list.provisioners),
            Form::Capabilities => capabilities(&list.provisioners, Provisioner::capability),
        }
    };
    output::stdout(text.as_bytes(), world)
}

/// The form of the list.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Table,
    Capabilities,
}

impl Form {
    fn of(args: &ListArgs) -> Result<Self, Error> {
        match (Switch::is_on(args.table), Switch::is_on(args.can)) {
            (true, true) => Err(Error::usage("--table and --can cannot be combined")
                .hint("use only one of them: each prints the list in its own form")),
            (true, false) => Ok(Self::Table),
            (false, true) => Ok(Self::Capabilities),
            (false, false) => Ok(Self::Json),
        }
    }
}

/// Indents with three spaces, one member a line, as step does and as scripts expect.
fn json(entries: &[&RawValue]) -> Result<String, Error> {
    let write = || -> Result<String, serde_json::Error> {
        let compact = serde_json::to_string(entries)?;
        // Print the list even if a number in it is too large to parse.
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&compact) else {
            return Ok(format!("{}\n", printable_json(&compact).as_str()));
        };
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
        Ok(format!("{}\n", printable_json(&String::from_utf8_lossy(&text)).as_str()))
    };
    write().map_err(|cause| Error::settings("cannot write JSON").because(cause))
}

fn table(provisioners: &[Provisioner]) -> String {
    let heading = ["TYPE", "NAME", "KEY ID OR CLIENT"].map(str::to_owned);
    let rows = provisioners.iter().map(row);
    columns(&[heading].into_iter().chain(rows).map(Vec::from).collect::<Vec<_>>())
}

/// One line per provisioner and one column per operation. Each answer other than a plain yes has a
/// number, explained below the table.
fn capabilities(
    provisioners: &[Provisioner],
    capability: impl Fn(&Provisioner, Operation) -> Capability,
) -> String {
    let (mut notes, mut numbers) = (Vec::<String>::new(), HashMap::<String, usize>::new());
    let mut cell = |provisioner: &Provisioner, operation| {
        let capability = capability(provisioner, operation);
        let (word, note) = match (&provisioner.disabled, capability) {
            (Some(reason), _) => ("no", format!("disabled by the CA: {}", printable(reason))),
            (None, Capability::Allowed) => return "yes".to_owned(),
            (None, Capability::Refused { .. }) => ("no", capability.to_string()),
            (None, _) => ("if", capability.to_string()),
        };
        let number = *numbers.entry(note).or_insert_with_key(|note| {
            notes.push(note.clone());
            notes.len()
        });
        format!("{word} {number}")
    };
    let heading = ["TYPE", "NAME"].into_iter().map(str::to_owned);
    let mut rows = vec![heading.chain(Operation::ALL.map(|o| o.to_string())).collect::<Vec<_>>()];
    for provisioner in provisioners {
        let [kind, name, _] = row(provisioner);
        let cells = Operation::ALL.into_iter().map(|operation| cell(provisioner, operation));
        rows.push([kind, name].into_iter().chain(cells).collect());
    }
    let mut text = columns(&rows);
    for (number, note) in (1..).zip(&notes) {
        text.push_str(&format!("{}{number}  {note}\n", if number == 1 { "\n" } else { "" }));
    }
    text
}

fn row(provisioner: &Provisioner) -> [String; 3] {
    let id = match &provisioner.kind {
        Kind::Jwk(jwk) => jwk.key_id.as_ref().map(ToString::to_string),
        Kind::Oidc(oidc) => Some(oidc.client_id.clone()),
        _ => None,
    };
    [
        provisioner.kind.name().to_string(),
        printable(&provisioner.name),
        printable(&id.unwrap_or_default()),
    ]
}

/// Offline, a listing reads the ca.json and nothing else.
fn only_listing(ca: &mut CaSettings, world: &World) -> Result<(), Error> {
    let why = "the list comes from the ca.json";
    // Settings in defaults.json are for every command, so they are not refused here.
    for origin in [
        ca.url.as_ref().map(|url| &url.origin),
        ca.root.as_ref().map(|root| &root.origin),
        ca.fingerprint.as_ref().map(|fingerprint| &fingerprint.origin),
        ca.timeout.as_ref().map(|timeout| &timeout.origin),
    ] {
        if let Some(origin) = origin.filter(|origin| origin.is_command_line()) {
            return Err(without_effect_here(origin, why));
        }
    }
    refuse_or_clear(&mut ca.timeout, why, world)
}
