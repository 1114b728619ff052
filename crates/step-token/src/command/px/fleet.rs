//! `px token --fleet`: a token for each row of a CSV, one key for all of them.

use std::path::Path;

use openstorage_token::{Account, Claims, Lifetime};
use serde::Serialize;
use token_time::Timestamp;
use zeroize::Zeroizing;

use super::key::KeyWish;
use super::token::{advise, backdate, issuer, readers};
use super::{Manner, given};
use crate::args::PxTokenArgs;
use crate::{Error, World, emit, file};

/// Mints them all, or none: every row is read before the key is opened.
pub(super) fn run(args: &PxTokenArgs, manner: &Manner, world: &World) -> Result<(), Error> {
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
            .hint("each row of the file says who its token is for"));
    }
    let key = KeyWish::settle(&args.secret, &args.key, &readers(args))?;
    let rows = rows(args, world)?;

    let key = key.open(world)?;
    let now = world.now().unix_seconds();
    let mut lines = Zeroizing::new(Vec::with_capacity(rows.len() * ROOM));
    for Row { account, lifetime } in rows {
        let claims = Claims::new(account, issuer.clone(), now, lifetime, backdate(args));
        let token = key.token(&claims)?;
        let line = Line {
            subject: &claims.subject,
            expires: Timestamp::from_unix_seconds(claims.expires).to_string(),
            exp: claims.expires,
            token: token.expose(),
        };
        serde_json::to_writer(&mut *lines, &line)
            .map_err(|cause| Error::settings("cannot write JSON").because(cause))?;
        lines.push(b'\n');
    }
    let _ = manner;
    match given("output", args.output.as_ref()).filter(|file| file.value != Path::new("-")) {
        None => emit::stdout(&lines, world),
        Some(output) => {
            file::replace(&output.value, &lines, 0o600)?;
            world.note(&format!("Tokens written to output file: {}", output.value.display()));
            Ok(())
        }
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
    account: Account,
    lifetime: Lifetime,
}

/// Reads every row, and names the first that cannot be.
fn rows(args: &PxTokenArgs, world: &World) -> Result<Vec<Row>, Error> {
    let Some(source) = given("fleet", args.fleet.as_ref()) else { return Ok(Vec::new()) };
    let bytes = source.value.read_fleet(&source.origin, world)?;
    let named = format!("{} ({})", source.value, source.origin);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let broken = |cause: csv::Error| {
        let line = cause.position().map_or(1, csv::Position::line);
        Error::settings(format!("{named}: line {line} is no row of the others' length"))
            .hint(HEADER)
    };
    let header = reader.headers().map_err(broken)?.clone();
    if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(name)) {
        let message = format!("{named}: there is no column `{unknown}`");
        return Err(Error::settings(message).hint(HEADER));
    }
    if let Some(twice) =
        header.iter().enumerate().find(|(at, name)| header.iter().take(*at).any(|it| it == *name))
    {
        return Err(
            Error::settings(format!("{named}: column `{}` stands twice", twice.1)).hint(HEADER)
        );
    }
    if !header.iter().any(|name| name == "subject") {
        return Err(Error::settings(format!("{named}: there is no column `subject`")).hint(HEADER));
    }
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = row(&header, &record, args)
            .map_err(|why| Error::settings(format!("{named}: line {line}: {why}")))?;
        if rows.iter().any(|before| before.account.subject == row.account.subject) {
            let message =
                format!("{named}: line {line}: subject `{}` stands twice", row.account.subject);
            return Err(Error::settings(message)
                .hint("a subject is one account's; it owns what it creates"));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::settings(format!("{named} has no rows")).hint(HEADER));
    }
    let sample = &rows[0];
    let claims =
        Claims::new(sample.account.clone(), issuer(args)?, 0, sample.lifetime, Lifetime::default());
    advise(&claims, sample.lifetime, world);
    Ok(rows)
}

fn row(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    args: &PxTokenArgs,
) -> Result<Row, String> {
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.and_then(|at| record.get(at)).filter(|cell| !cell.is_empty())
    };
    let text = |name: &str| cell(name).unwrap_or_default().to_owned();
    // A blank cannot be in the name of a role, and a semicolon is in nobody's.
    let list = |name: &str| {
        cell(name).map(|cell| {
            let items = cell.split([';', ' ']).filter(|item| !item.is_empty());
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
        roles: list("roles"),
        groups: list("groups"),
    };
    Ok(Row { account, lifetime })
}

/// The columns; `subject` must be there.
const COLUMNS: [&str; 6] = ["subject", "name", "email", "roles", "groups", "duration"];

const HEADER: &str = "the first line names the columns: subject, name, email, roles, groups, duration; lists have `;` between their items";

/// What a line of the result takes.
const ROOM: usize = 768;
