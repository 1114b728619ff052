//! Whose resources a user may use.

use openstorage_token::{Access, Grant, Ownership};
use serde_json::{Map, Value, json};

use crate::keys::SECRET;
use crate::peers::Flavour;
use crate::program::Px;
use crate::random::Random;

/// A user and a resource.
#[derive(Debug)]
struct Case {
    username: &'static str,
    held: Vec<&'static str>,
    owner: &'static str,
    groups: Vec<(&'static str, &'static str)>,
    collaborators: Vec<(&'static str, &'static str)>,
    public: Option<&'static str>,
    access: &'static str,
}

impl Case {
    fn draw(random: &mut Random) -> Self {
        let levels = ["read", "write", "admin"];
        let grants = |names: &[&'static str], random: &mut Random| -> Vec<_> {
            let names = random.some(names, 3);
            names.into_iter().map(|name| (name, random.pick(&levels))).collect()
        };
        Self {
            username: random.pick(&["alice", "alice", "bob", "carol", "Alice", "", "*"]),
            held: random.some(&["g1", "g2", "g3", "*", "G1", ""], 3),
            owner: random.pick(&["alice", "bob", "dave", "dave", "*", ""]),
            groups: grants(&["g1", "g2", "g3", "*", "alice"], random),
            collaborators: grants(&["alice", "bob", "carol", "*", "g1"], random),
            public: random.pick(&[None, None, None, Some("read"), Some("write"), Some("admin")]),
            access: random.pick(&levels),
        }
    }

    fn question(&self) -> Value {
        let map = |grants: &[(&str, &str)]| -> Map<String, Value> {
            grants.iter().map(|(name, level)| ((*name).to_owned(), json!(level))).collect()
        };
        json!({
            "user": {"username": self.username, "groups": self.held},
            "ownership": {
                "owner": self.owner,
                "groups": map(&self.groups),
                "collaborators": map(&self.collaborators),
                "public": self.public.unwrap_or_default(),
            },
            "access": self.access,
        })
    }

    fn decide(&self) -> bool {
        let grants = |grants: &[(&str, &str)]| -> Vec<Grant> {
            grants.iter().map(|(name, level)| format!("{name}={level}").parse().unwrap()).collect()
        };
        let access = |level: &str| level.parse::<Access>().unwrap();
        let ownership = Ownership {
            owner: self.owner.to_owned(),
            groups: grants(&self.groups),
            collaborators: grants(&self.collaborators),
            public: self.public.map(access),
        };
        let held: Vec<String> = self.held.iter().map(|&group| group.to_owned()).collect();
        ownership.decide(self.username, &held, access(self.access)).is_permitted()
    }

    /// Asks the program, with a token of this user.
    fn ask_program(&self) -> Value {
        let account = json!({"sub": self.username, "groups": self.held}).to_string();
        let mint = Px::new("token --auth-config - --issuer i").stdin(account);
        let token = mint.source("shared-secret-file", "SECRET", SECRET).mint();
        let mut verify = Px::new("verify - --issuer i").stdin(token);
        verify = verify.flag("owner", self.owner).flag("access", self.access);
        for (name, level) in &self.groups {
            verify = verify.flag("group", &format!("{name}={level}"));
        }
        for (name, level) in &self.collaborators {
            verify = verify.flag("collaborator", &format!("{name}={level}"));
        }
        if let Some(public) = self.public {
            verify = verify.flag("public", public);
        }
        let answer = verify.source("shared-secret-file", "SECRET", SECRET).answer();
        answer["ownership"]["permitted"].clone()
    }
}

#[test]
fn owners_groups_and_collaborators_have_what_a_server_lets_them() {
    let mut random = Random::seeded(0x6f77_6e65_7273_6869);
    let cases: Vec<Case> = (0..3000).map(|_| Case::draw(&mut random)).collect();
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    for flavour in Flavour::ALL {
        let theirs = flavour.ask("owner", &questions);
        let permitted = theirs.iter().filter(|answer| answer["permitted"] == true).count();
        assert!((500..2500).contains(&permitted), "{permitted} of 3000 are permitted");
        for (case, theirs) in cases.iter().zip(&theirs) {
            assert_eq!(theirs["error"], Value::Null, "{case:?}");
            assert_eq!(theirs["permitted"], case.decide(), "{case:?}");
        }
        let users = cases.iter().zip(&theirs).filter(|(case, _)| !case.username.is_empty());
        for (case, theirs) in users.take(50) {
            assert_eq!(theirs["permitted"], case.ask_program(), "{case:?}");
        }
    }
}

/// Groups `g1` with read and `g2` with admin: whether a user with both may write depends on their order in the token.
#[test]
fn the_order_of_groups_in_a_token_decides_as_it_does_at_a_server() {
    for (held, access, permitted) in [
        (vec!["g1", "g2"], "write", false),
        (vec!["g2", "g1"], "write", true),
        (vec!["x", "g2", "g1"], "admin", true),
        (vec!["g1"], "read", true),
        (vec!["x"], "admin", true),
        (vec!["g1", "*"], "admin", true),
    ] {
        let case = Case {
            username: "bob",
            held,
            owner: "alice",
            groups: vec![("g1", "read"), ("g2", "admin"), ("*", "admin")],
            collaborators: Vec::new(),
            public: None,
            access,
        };
        let theirs = Flavour::Current.ask("owner", &[case.question()]).remove(0);
        assert_eq!(theirs["permitted"], permitted, "{case:?}");
        assert_eq!(case.ask_program(), permitted, "{case:?}");
    }
}
