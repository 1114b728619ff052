//! `ca provisioner list`: as the CA tells it, or as a table.

use std::collections::HashMap;

use serde::Serialize as _;
use serde_json::value::RawValue;
use step_ca_client::OfflineCa;
use step_claims::Operation;
use step_provisioner::{Capability, Kind, Provisioner};
use token_text::{printable, printable_json};

use crate::args::{GlobalArgs, ListArgs};
use crate::authority::{Connection, unusable_config};
use crate::settings::CaSettings;
use crate::{Error, World, emit};

/// Lists the provisioners of a CA behind a URL, or of a ca.json.
pub(crate) fn run(args: &ListArgs, global: &GlobalArgs, world: &World) -> Result<(), Error> {
    let mut settings = CaSettings::resolve(&args.ca, global, world)?;
    settings.without_effect_offline(world)?;
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
            return Err(Error::settings("no CA is named")
                .hint("--ca-url or STEP_CA_URL names one; --offline reads a ca.json"));
        };
        let connection = Connection::open(&url.value, &settings, world)?;
        let list = connection.wait(connection.client.provisioner_list())?;
        match form {
            Form::Json => json(&list.raw().collect::<Vec<_>>())?,
            Form::Table => table(&list.provisioners),
            Form::Capabilities => capabilities(&list.provisioners, Provisioner::capability),
        }
    };
    emit::stdout(text.as_bytes(), world)
}

/// What the list looks like.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Table,
    Capabilities,
}

impl Form {
    fn of(args: &ListArgs) -> Result<Self, Error> {
        match (args.table.unwrap_or_default().0, args.can.unwrap_or_default().0) {
            (true, true) => Err(Error::usage("--table and --can do not go together")
                .hint("each prints the list in a form of its own")),
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
        // A number that no program can hold is no reason to hide the list.
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

/// One line a provisioner and one column an operation; what is not a plain yes has a number, which is
/// explained below.
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

/// Puts cells below each other, two blanks between columns and none at the end of a line.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let most = rows.first().map(Vec::len).unwrap_or_default();
    let widths: Vec<usize> = (0..most).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, &width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
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
