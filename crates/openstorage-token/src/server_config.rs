use crate::role::Role;
use crate::server::UsernameClaim;
use crate::yaml::node::{Node, Value, YamlError};
use crate::yaml::reader;

/// How a server is set up, in a file of our own: YAML with the names of the flags.
///
/// Files and sources are plain texts here; the caller resolves and opens them.
///
/// ```
/// use openstorage_token::ServerConfig;
///
/// let config = ServerConfig::parse("issuer: portworx.com\nshared-secret-file: secret\n")?;
/// assert_eq!(config.issuer.as_deref(), Some("portworx.com"));
/// # Ok::<(), openstorage_token::ServerConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerConfig {
    /// `issuer`.
    pub issuer: Option<String>,
    /// `shared-secret-file`.
    pub shared_secret_file: Option<String>,
    /// `rsa-public-keyfile`.
    pub rsa_public_keyfile: Option<String>,
    /// `ecdsa-public-keyfile`.
    pub ecdsa_public_keyfile: Option<String>,
    /// `username-claim`.
    pub username_claim: Option<UsernameClaim>,
    /// `older-server`.
    pub older_server: Option<bool>,
    /// `roles`, the server's own.
    pub roles: Vec<Role>,
}

impl ServerConfig {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`ServerConfigError`] with the line, if this is not YAML, or has an unknown member or one of
    /// the wrong kind.
    pub fn parse(text: &str) -> Result<Self, ServerConfigError> {
        let mut config = Self::default();
        let Some(root) = reader::parse_unrepeated(text)? else { return Ok(config) };
        let Value::Mapping(members) = &root.value else {
            let what = format!("the file is {}; expected a mapping", root.kind());
            return Err(YamlError::new(root.line, what).into());
        };
        for (key, value) in members {
            let wrong = |why: String| YamlError::new(value.line, why);
            let text = || {
                let text = value.text().map(str::to_owned);
                let name = key.text().unwrap_or_default();
                text.ok_or_else(|| {
                    wrong(format!("`{name}` is {}; expected a string", value.kind()))
                })
            };
            match key.text().unwrap_or_default() {
                "issuer" => config.issuer = Some(text()?),
                "shared-secret-file" => config.shared_secret_file = Some(text()?),
                "rsa-public-keyfile" => config.rsa_public_keyfile = Some(text()?),
                "ecdsa-public-keyfile" => config.ecdsa_public_keyfile = Some(text()?),
                "username-claim" => {
                    let claim = text()?.parse();
                    config.username_claim =
                        Some(claim.map_err(|why| wrong(format!("`username-claim`: {why}")))?);
                }
                "older-server" => config.older_server = Some(truth(value)?),
                "roles" => {
                    config.roles = Role::list(value)?;
                }
                name => {
                    let what = format!(
                        "`{name}` is not a server setting; the settings are {}",
                        NAMES.join(", ")
                    );
                    return Err(YamlError::new(key.line, what).into());
                }
            }
        }
        Ok(config)
    }
}

fn truth(node: &Node) -> Result<bool, YamlError> {
    match node.text() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(YamlError::new(node.line, "`older-server` must be `true` or `false`")),
    }
}

/// Why a file is not a server's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerConfigError {
    /// It is not YAML, or a member is wrong.
    #[error(transparent)]
    Yaml(#[from] YamlError),

    /// One of its roles is wrong.
    #[error(transparent)]
    Role(#[from] crate::role_error::RoleError),
}

const NAMES: [&str; 7] = [
    "issuer",
    "shared-secret-file",
    "rsa-public-keyfile",
    "ecdsa-public-keyfile",
    "username-claim",
    "older-server",
    "roles",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_read() {
        let config = ServerConfig::parse(
            "issuer: i\nshared-secret-file: env:S\nrsa-public-keyfile: r.pub\necdsa-public-keyfile: e.pub\nusername-claim: email\nolder-server: true\nroles:\n- name: app\n  rules:\n  - services: [volume]\n    apis: ['*']\n",
        )
        .unwrap();
        assert_eq!(config.issuer.as_deref(), Some("i"));
        assert_eq!(config.shared_secret_file.as_deref(), Some("env:S"));
        assert_eq!(config.username_claim, Some(UsernameClaim::Email));
        assert_eq!(config.older_server, Some(true));
        assert_eq!(config.roles[0].name, "app");
        assert_eq!(ServerConfig::parse("").unwrap(), ServerConfig::default());
    }

    #[test]
    fn what_does_not_belong_is_refused_with_its_line() {
        for (text, part) in [
            ("- a", "the file is a list"),
            ("issuer: a\nsecret: b\n", "line 2: `secret` is not a server setting"),
            ("issuer: [a]\n", "line 1: `issuer` is a list"),
            ("username-claim: x\n", "expected `sub`, `email` or `name`"),
            ("older-server: 1\n", "`true` or `false`"),
            ("issuer: a\nissuer: b\n", "line 2: `issuer` appears twice"),
            ("roles: x\n", "`roles` is a single value"),
            ("roles: [{name: a}]\n", "no `rules`"),
        ] {
            let message = ServerConfig::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
