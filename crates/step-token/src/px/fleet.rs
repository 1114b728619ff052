//! `px token --fleet`: a token for each row of a CSV, one key for all of them.

use std::collections::{HashMap, HashSet};

use openstorage_token::{Account, Claims, Lifetime, Warning};
use serde::Serialize;
use token_cli::{Destination, Error, Setting, Source, World};
use token_text::{ShownPath, Wiped};
use token_time::Timestamp;

use crate::px::key::KeySettings;
use crate::px::options::output_file;
use crate::px::overwriting;
use crate::px::token::{PxTokenArgs, backdate, inputs, issuer, readers};

/// Mints all tokens or none: every row is read before the key is opened.
pub(super) fn run(
    args: &PxTokenArgs,
    source: &Setting<Source>,
    world: &World,
) -> Result<(), Error> {
    let issuer = issuer(args)?;
    let one = &args.account;
    let named = [
        ("--auth-config", one.auth_config.is_some()),
        ("--subject", one.subject.is_some()),
        ("--name", one.name.is_some()),
        ("--email", one.email.is_some()),
        ("--role", !one.role.is_empty()),
        ("--group", !one.group.is_empty()),
    ];
    if let Some((flag, _)) = named.into_iter().find(|(_, given)| *given) {
        return Err(Error::usage(format!("{flag} has no effect with --fleet"))
            .hint("leave it out; each row of the file describes its own account"));
    }
    let key = KeySettings::settle(&args.secret, &args.key, &readers(args))?;
    let rows = rows(args, source, world)?;
    advise(&rows, &issuer, world);
    let output = output_file(args.output.as_ref())?;
    overwriting::refuse(output.as_ref(), inputs(args, &key), world)?;
    let place = Destination::settle(output.as_ref(), true, world)?;

    let key = key.open(world)?;
    let now = world.now().unix_seconds();
    let mut lines = Wiped::default();
    for Row { account, lifetime, .. } in rows {
        let claims = Claims::new(account, issuer.clone(), now, lifetime, backdate(args));
        let token = key.token(&claims)?;
        let line = Line {
            subject: &claims.subject,
            expires: Timestamp::from_unix_seconds(claims.expires).to_string(),
            exp: claims.expires,
            token: token.expose(),
        };
        serde_json::to_writer(&mut lines, &line)
            .map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
        lines.push(b"\n");
    }
    place.write(&lines, world)?;
    if let Some(file) = place.path() {
        world.done(&format!("Tokens written to output file: {}", ShownPath(file)));
    }
    Ok(())
}

/// Prints each warning once for all rows, with the line of the first.
fn advise(rows: &[Row], issuer: &str, world: &World) {
    let mut told: Vec<(String, u64, usize)> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    for row in rows {
        for warning in Warning::of_account(&row.account, issuer, row.lifetime) {
            let text = warning.to_string();
            match place.get(&text).and_then(|at| told.get_mut(*at)) {
                Some((_, _, more)) => *more += 1,
                None => {
                    place.insert(text.clone(), told.len());
                    told.push((text, row.line, 0));
                }
            }
        }
    }
    for (text, line, more) in told {
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        world.warn(&format!("--fleet line {line}{more}: {text}"));
    }
}

/// One line of the result, JSON Lines.
#[derive(Serialize)]
struct Line<'a> {
    subject: &'a str,
    expires: String,
    exp: i64,
    token: &'a str,
}

struct Row {
    /// Its line, from 1.
    line: u64,
    account: Account,
    lifetime: Lifetime,
}

/// Reads every row; the error names the first bad one.
fn rows(args: &PxTokenArgs, source: &Setting<Source>, world: &World) -> Result<Vec<Row>, Error> {
    let bytes = source.value.read_up_to(MAX_FLEET, &source.origin, world)?;
    let named = format!("{} ({})", source.value, source.origin);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let broken = |cause: csv::Error| {
        let line = cause.position().map_or(1, csv::Position::line);
        let what = match cause.kind() {
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8",
            _ => "has more or fewer columns than line 1",
        };
        Error::settings(format!("{named}: line {line} {what}")).hint(HEADER)
    };
    let header = reader.headers().map_err(broken)?.clone();
    check_header(&header, &named)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut subjects = HashSet::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = row(&header, &record, line, args)
            .map_err(|why| Error::settings(format!("{named}: line {line}: {why}")))?;
        if !subjects.insert(row.account.subject.clone()) {
            let subject = &row.account.subject;
            let message = format!("{named}: line {line}: subject `{subject}` appears twice");
            return Err(Error::settings(message)
                .hint("use a different subject in each row: it owns what the account creates"));
        }
        rows.push(row);
        if rows.len() > MOST_ROWS {
            let message = format!("{named} has more than {MOST_ROWS} rows");
            return Err(Error::settings(message).hint("split the file"));
        }
    }
    if rows.is_empty() {
        return Err(Error::settings(format!("{named} has no rows")).hint(HEADER));
    }
    Ok(rows)
}

/// Refuses a first line that does not name the columns.
fn check_header(header: &csv::StringRecord, named: &str) -> Result<(), Error> {
    // The text in place of a name may be a secret, so the error does not repeat it.
    if let Some(unknown) = header.iter().position(|name| !COLUMNS.contains(&name)) {
        let has_semicolons = header.len() == 1 && header.iter().any(|name| name.contains(';'));
        let message = match has_semicolons {
            true => format!(
                "{named}: the columns in line 1 are separated by semicolons; expected commas"
            ),
            false => {
                let place = unknown + 1;
                format!("{named}: line 1: column {place} has an unknown name")
            }
        };
        return Err(Error::settings(message).hint(HEADER));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = header.iter().find(|name| !seen.insert(*name)) {
        return Err(Error::settings(format!("{named}: line 1: column `{twice}` appears twice"))
            .hint(HEADER));
    }
    if !seen.contains("subject") {
        return Err(
            Error::settings(format!("{named}: line 1: column `subject` is missing")).hint(HEADER)
        );
    }
    Ok(())
}

fn row(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    line: u64,
    args: &PxTokenArgs,
) -> Result<Row, String> {
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.and_then(|at| record.get(at)).filter(|cell| !cell.is_empty())
    };
    let text = |name: &str| cell(name).unwrap_or_default().to_owned();
    // An unclosed quote swallows the lines after it.
    if record.iter().any(|cell| cell.contains(char::is_control)) {
        return Err(
            "a cell contains a line break or another control character; is a quote unclosed?"
                .to_owned(),
        );
    }
    // A group name may contain blanks, a role name may not.
    let list = |name: &str, blanks: &[char]| {
        cell(name).map(|cell| {
            let items = cell.split(blanks).map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        })
    };
    let subject = text("subject");
    if subject.is_empty() {
        return Err("the subject is empty".to_owned());
    }
    let lifetime = match cell("duration") {
        None => args.token_duration.unwrap_or(Lifetime::DEFAULT),
        Some(text) => text.parse::<Lifetime>().map_err(|cause| cause.to_string())?,
    };
    let account = Account {
        subject,
        name: text("name"),
        email: text("email"),
        roles: list("roles", &[';', ' ']),
        groups: list("groups", &[';']),
    };
    Ok(Row { line, account, lifetime })
}

/// The columns; `subject` is required.
const COLUMNS: [&str; 6] = ["subject", "name", "email", "roles", "groups", "duration"];

const HEADER: &str = "name the columns in the first line: subject, name, email, roles, groups, duration; separate the items of a list with `;`";

/// A hundred thousand rows of 300 bytes.
const MAX_FLEET: u64 = 32 << 20;

/// More than the users of any cluster.
const MOST_ROWS: usize = 100_000;
