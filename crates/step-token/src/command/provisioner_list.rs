//! `ca provisioner list`: as the CA tells it, or as a table.

use serde::Serialize as _;
use serde_json::value::RawValue;
use step_ca_client::OfflineCa;
use step_claims::Operation;
use step_provisioner::{Capability, Kind, Provisioner};

use crate::args::{GlobalArgs, ListArgs};
use crate::authority::{Connection, unusable_config};
use crate::printable::printable;
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
            return Ok(format!("{}\n", without_controls(&compact)));
        };
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
        Ok(format!("{}\n", without_controls(&String::from_utf8_lossy(&text))))
    };
    write().map_err(|cause| Error::settings("cannot write JSON").because(cause))
}

/// Escapes what a terminal would obey; inside JSON it can only stand in a string.
fn without_controls(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

fn table(provisioners: &[Provisioner]) -> String {
    let rows: Vec<[String; 3]> = provisioners.iter().map(row).collect();
    let heading = ["TYPE", "NAME", "KEY ID OR CLIENT"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&heading]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for [kind, name, id] in [&heading].into_iter().chain(&rows) {
        text.push_str(format!("{kind:first$}  {name:second$}  {id}").trim_end());
        text.push('\n');
    }
    text
}

/// One paragraph a provisioner, one line an operation.
fn capabilities(
    provisioners: &[Provisioner],
    capability: impl Fn(&Provisioner, Operation) -> Capability,
) -> String {
    let paragraph = |provisioner: &Provisioner| {
        let mut text = format!("{}\n", provisioner.label());
        if let Some(reason) = &provisioner.disabled {
            text.push_str(&format!("  disabled by the CA: {}\n", printable(reason)));
        }
        for operation in Operation::ALL {
            text.push_str(&format!("  {operation:13}  {}\n", capability(provisioner, operation)));
        }
        text
    };
    provisioners.iter().map(paragraph).collect::<Vec<_>>().join("\n")
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
