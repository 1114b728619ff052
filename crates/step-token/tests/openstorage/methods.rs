//! The methods that OpenStorage's services have.

use openstorage_token::ApiMethod;
use serde_json::json;
use step_token::Exit;

use crate::peers::Flavour;
use crate::program::Px;

/// Returns the full names of the methods that a server is built with.
fn theirs(flavour: Flavour) -> Vec<String> {
    let answer = flavour.ask("methods", &[json!({})]).remove(0);
    let methods = answer["methods"].as_array().unwrap_or_else(|| panic!("{answer}"));
    methods.iter().map(|method| method.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_method_of_a_server_is_known_and_no_other_but_those_of_later_ones() {
    for flavour in Flavour::ALL {
        let theirs: Vec<ApiMethod> =
            theirs(flavour).iter().map(|method| method.parse().unwrap()).collect();
        assert_eq!(theirs.len(), 113);
        let unknown: Vec<String> =
            theirs.iter().filter_map(|method| Some(method.unknown()?.to_string())).collect();
        assert_eq!(unknown, [] as [String; 0]);
        let names: Vec<String> = theirs.iter().map(ToString::to_string).collect();
        let later: Vec<String> = ApiMethod::all()
            .map(|method| method.to_string())
            .filter(|method| !names.contains(method))
            .collect();
        assert_eq!(later, LATER);
    }
}

#[test]
fn a_server_allows_what_px_roles_lists() {
    let roles = ["system.admin", "system.view", "system.user", "system.guest"];
    let methods = theirs(Flavour::Older);
    let mut granted = 0;
    for role in roles {
        let stdout = Px::new("roles --older-server --json").arg(role).succeed();
        let listed: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let question =
            |method: &String| json!({"roles": [role], "custom": [], "method": method.as_str()});
        let questions: Vec<_> = methods.iter().map(question).collect();
        let answers = Flavour::Older.ask("role", &questions);
        for (method, answer) in methods.iter().zip(answers) {
            let method: ApiMethod = method.parse().unwrap();
            let name = serde_json::Value::from(method.to_string());
            let is_listed = listed["methods"].as_array().unwrap().contains(&name);
            assert_eq!(answer["allowed"], is_listed, "{role} {method}");
            let can = Px::new("can --older-server").args(role).arg(method.to_string()).run();
            assert_eq!(can.exit, if is_listed { Exit::Done } else { Exit::No }, "{role} {method}");
            assert_eq!(can.stdout, if is_listed { "yes\n" } else { "no\n" });
            granted += usize::from(is_listed);
        }
    }
    assert!((200..400).contains(&granted), "{granted}");
}

/// What was added after the version that can be had as a module.
const LATER: [&str; 11] = [
    "filesystemcheck/deletesnapshots",
    "filesystemcheck/listsnapshots",
    "filesystemcheck/listvolumes",
    "filesystemdefrag/cleanupschedules",
    "filesystemdefrag/createschedule",
    "filesystemdefrag/enumeratenodestatus",
    "filesystemdefrag/getnodestatus",
    "verifychecksum/start",
    "verifychecksum/status",
    "verifychecksum/stop",
    "watch/watch",
];
