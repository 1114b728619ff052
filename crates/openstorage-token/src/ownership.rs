use std::fmt;
use std::str::FromStr;

/// How much a user may do with a resource; each level includes the ones before.
///
/// Source: OpenStorage, `api.proto`, `Ownership.AccessType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Look at it.
    #[default]
    Read,
    /// Change it.
    Write,
    /// Change who may do what with it.
    Admin,
}

impl Access {
    /// Returns the name, in lowercase letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Read, Self::Write, Self::Admin]
            .into_iter()
            .find(|access| access.as_str() == text)
            .ok_or_else(|| "expected `read`, `write` or `admin`".to_owned())
    }
}

/// A name on a resource's list and its access: `NAME` (read) or `NAME=LEVEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// A group or a user; `*` is any.
    pub name: String,
    /// The level.
    pub access: Access,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, access) = match text.rsplit_once('=') {
            Some((name, access)) => {
                let access = access.parse();
                (
                    name,
                    access.map_err(|_: String| {
                        "the level must be `read`, `write` or `admin`".to_owned()
                    })?,
                )
            }
            None => (text, Access::default()),
        };
        if name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        Ok(Self { name: name.to_owned(), access })
    }
}

/// Who owns a resource, and with whom it is shared.
///
/// Source: OpenStorage, `api/ownership.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The unique ID of the owner; empty for a resource that anyone may use.
    pub owner: String,
    /// Groups with access.
    pub groups: Vec<Grant>,
    /// Users with access.
    pub collaborators: Vec<Grant>,
    /// The access that everyone has.
    pub public: Option<Access>,
}

/// Why a user may use a resource, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnershipAnswer {
    /// The resource is public to this level.
    Public,
    /// It has no owner.
    NoOwner,
    /// The user is its owner.
    Owner,
    /// The user is in group `*`, the administrator of resources.
    Administrator,
    /// A group of the user is on the list.
    Group(Grant),
    /// The user is on the list.
    Collaborator(Grant),
    /// The user's first group on the list has too little access, and a server looks no further.
    GroupHasTooLittle(Grant),
    /// The user is on the list with too little access.
    CollaboratorHasTooLittle(Grant),
    /// The user does not own it and is on no list.
    Stranger,
    /// The user has no unique ID.
    NoUsername,
}

impl OwnershipAnswer {
    /// Returns whether the user has access.
    #[must_use]
    pub fn is_permitted(&self) -> bool {
        matches!(
            self,
            Self::Public
                | Self::NoOwner
                | Self::Owner
                | Self::Administrator
                | Self::Group(_)
                | Self::Collaborator(_)
        )
    }
}

impl fmt::Display for OwnershipAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |f: &mut fmt::Formatter<'_>, who: &str, grant: &Grant, only: &str| {
            write!(f, "{who} `{}` has {only}{} access", grant.name, grant.access.as_str())
        };
        match self {
            Self::Public => f.write_str("the resource is public"),
            Self::NoOwner => f.write_str("the resource has no owner, so anyone may use it"),
            Self::Owner => f.write_str("the user owns it"),
            Self::Administrator => {
                f.write_str("the user is in group `*`, which has access to every resource")
            }
            Self::Group(grant) => has(f, "group", grant, ""),
            Self::Collaborator(grant) => has(f, "user", grant, ""),
            Self::GroupHasTooLittle(grant) => {
                has(f, "group", grant, "only ")?;
                f.write_str(
                    ", and a server stops at the first of the token's groups that is listed",
                )
            }
            Self::CollaboratorHasTooLittle(grant) => has(f, "user", grant, "only "),
            Self::Stranger => {
                f.write_str("the user does not own it, and it is not shared with them")
            }
            Self::NoUsername => f.write_str("the user has no unique ID"),
        }
    }
}

impl Ownership {
    /// Decides whether a user with these groups, in the order of the token, has access.
    #[must_use]
    pub fn decide(&self, username: &str, groups: &[String], access: Access) -> OwnershipAnswer {
        if self.public.is_some_and(|public| public >= access) {
            return OwnershipAnswer::Public;
        }
        if self.owner.is_empty() {
            return OwnershipAnswer::NoOwner;
        }
        if username.is_empty() {
            return OwnershipAnswer::NoUsername;
        }
        if self.owner == username {
            return OwnershipAnswer::Owner;
        }
        if groups.iter().any(|group| group == "*") {
            return OwnershipAnswer::Administrator;
        }
        // The first group that is listed decides, whatever access the later ones have.
        let group = groups.iter().find_map(|group| listed(&self.groups, group));
        let group = group.or_else(|| listed(&self.groups, "*"));
        if let Some(grant) = group.filter(|grant| grant.access >= access) {
            return OwnershipAnswer::Group(grant.clone());
        }
        let listed_user =
            listed(&self.collaborators, username).or_else(|| listed(&self.collaborators, "*"));
        match (listed_user, group) {
            (Some(grant), _) if grant.access >= access => {
                OwnershipAnswer::Collaborator(grant.clone())
            }
            (_, Some(grant)) => OwnershipAnswer::GroupHasTooLittle(grant.clone()),
            (Some(grant), _) => OwnershipAnswer::CollaboratorHasTooLittle(grant.clone()),
            (None, None) => OwnershipAnswer::Stranger,
        }
    }
}

fn listed<'a>(list: &'a [Grant], name: &str) -> Option<&'a Grant> {
    list.iter().find(|grant| grant.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(groups: &[&str], collaborators: &[&str]) -> Ownership {
        let grants = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Ownership {
            owner: "alice".to_owned(),
            groups: grants(groups),
            collaborators: grants(collaborators),
            public: None,
        }
    }

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn owner_administrator_group_and_collaborator_have_access() {
        let resource = resource(&["g=write"], &["bob=admin"]);
        for (user, held, access, permitted) in [
            ("alice", &[][..], Access::Admin, true),
            ("x", &["*"], Access::Admin, true),
            ("x", &["g"], Access::Write, true),
            ("x", &["g"], Access::Admin, false),
            ("bob", &[], Access::Admin, true),
            ("x", &["h"], Access::Read, false),
            ("", &["*"], Access::Read, false),
        ] {
            let answer = resource.decide(user, &groups(held), access);
            assert_eq!(answer.is_permitted(), permitted, "{user} {held:?} {access:?}: {answer:?}");
        }
    }

    #[test]
    fn the_first_listed_group_of_the_token_decides() {
        let resource = resource(&["g1=read", "g2=admin", "*=admin"], &[]);
        assert!(!resource.decide("x", &groups(&["g1", "g2"]), Access::Admin).is_permitted());
        assert!(resource.decide("x", &groups(&["g2", "g1"]), Access::Admin).is_permitted());
        assert!(resource.decide("x", &groups(&["h"]), Access::Admin).is_permitted());
    }

    #[test]
    fn what_nobody_owns_is_anybodys() {
        let nobodys = Ownership::default();
        assert_eq!(nobodys.decide("", &[], Access::Admin), OwnershipAnswer::NoOwner);
        let public = Ownership { public: Some(Access::Read), ..resource(&[], &[]) };
        assert_eq!(public.decide("", &[], Access::Read), OwnershipAnswer::Public);
        assert!(!public.decide("x", &[], Access::Write).is_permitted());
    }
}
