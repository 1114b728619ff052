//! The methods that roles allow.

use serde_json::{Value, json};
use step_token::Exit;

use crate::keys::SECRET;
use crate::peers::Flavour;
use crate::program::Px;
use crate::random::Random;

/// All peers have the role tables of a server with the older library, whatever they are built with.
fn ask_program(held: &[&str], custom: &Value, methods: &[&str]) -> Vec<(String, bool)> {
    let account = json!({"sub": "s", "roles": held}).to_string();
    let mint = Px::new("token --auth-config - --issuer i").stdin(account);
    let token = mint.source("shared-secret-file", "SECRET", SECRET).mint();
    let mut verify = Px::new("verify - --issuer i --older-server").stdin(token);
    if custom.as_array().is_some_and(|roles| !roles.is_empty()) {
        verify = verify.source("role-config", "ROLES", &custom.to_string());
    }
    for method in methods {
        verify = verify.flag("can", method);
    }
    let answer = verify.source("shared-secret-file", "SECRET", SECRET).answer();
    let can = answer["can"].as_array().unwrap().iter();
    can.map(|one| (one["method"].to_string(), one["granted"].as_bool().unwrap())).collect()
}

/// Asks a server and the program about every method; returns how many are granted.
#[track_caller]
fn agree(flavour: Flavour, held: &[&str], custom: &Value, methods: &[&str]) -> usize {
    let question = |method: &&str| json!({"roles": held, "custom": custom, "method": method});
    let questions: Vec<Value> = methods.iter().map(question).collect();
    let theirs = flavour.ask("role", &questions);
    let ours = ask_program(held, custom, methods);
    for ((method, ours), theirs) in ours.iter().zip(&theirs) {
        assert_eq!(*ours, theirs["allowed"], "{held:?} {method}: {theirs}\n{custom:#}");
        let error = theirs["error"].as_str().unwrap_or("Access denied");
        assert!(error.contains("Access denied"), "{held:?} {method}: {error}\n{custom:#}");
    }
    ours.iter().filter(|(_, granted)| *granted).count()
}

#[test]
fn built_in_roles_grant_what_a_server_grants_their_holders() {
    for flavour in Flavour::ALL {
        let mut granted = Vec::new();
        for role in ["system.admin", "system.view", "system.user", "system.guest", "System.Admin"] {
            granted.push(agree(flavour, &[role], &json!([]), &METHODS));
        }
        let many = ["system.view", "nobody", "", "system.guest", "system.user"];
        granted.push(agree(flavour, &many, &json!([]), &METHODS));
        assert_eq!(agree(flavour, &[], &json!([]), &METHODS), 0);
        assert_eq!(granted[0], METHODS.len());
        assert_eq!(granted[4], 0);
        assert!(granted.iter().all(|count| *count < 40 || *count == METHODS.len()), "{granted:?}");
    }
}

#[test]
fn roles_of_wildcards_and_denials_grant_what_a_server_grants_their_holders() {
    let mut random = Random::seeded(0x726f_6c65_732d_3131);
    let mut granted = 0;
    for _ in 0..60 {
        let names = random.some(&["a", "b", "c\td", "system.guest", "system.other"], 3);
        let custom: Vec<Value> = names.iter().map(|name| draw_role(name, &mut random)).collect();
        let mut held = random.some(&["a", "b", "c\td", "system.guest", "system.view", "x"], 4);
        held.extend(random.some(&names, 3));
        let methods = random.some(&METHODS, 30);
        let flavour = random.pick(&Flavour::ALL);
        if !methods.is_empty() {
            granted += agree(flavour, &held, &Value::Array(custom), &methods);
        }
    }
    assert!((200..700).contains(&granted), "{granted} questions are answered with yes");
}

fn draw_role(name: &str, random: &mut Random) -> Value {
    let rules = (0..=random.below(3)).map(|_| {
        let mut services = random.some(&SERVICES, 2);
        services.push(random.pick(&SERVICES));
        let mut apis = random.some(&APIS, 3);
        apis.push(random.pick(&APIS));
        json!({"services": services, "apis": apis})
    });
    json!({"name": name, "rules": rules.collect::<Vec<_>>()})
}

/// The server says why it refuses each of them when it is created.
#[test]
fn a_role_that_no_server_takes_is_refused() {
    let rules = json!([{"services": ["volume"], "apis": ["*"]}]);
    for (role, taken) in [
        (json!({"name": "r", "rules": rules}), true),
        (json!({"name": "r\t1", "rules": rules}), true),
        (json!({"name": "Rölle", "rules": rules}), true),
        (json!({"name": "system.other", "rules": rules}), true),
        (json!({"name": "system.guest", "rules": rules}), true),
        (json!({"name": "r", "rules": [{"services": [""], "apis": [""]}]}), true),
        (json!({"name": "", "rules": rules}), false),
        (json!({"name": "a b", "rules": rules}), false),
        (json!({"name": "a/b", "rules": rules}), false),
        (json!({"name": "r", "rules": []}), false),
        (json!({"name": "r", "rules": [{"services": [], "apis": ["*"]}]}), false),
        (json!({"name": "r", "rules": [{"services": ["*"], "apis": []}]}), false),
        (json!({"name": "r", "rules": [{"services": ["*"]}]}), false),
        (json!({"name": "system.admin", "rules": rules}), false),
        (json!({"name": "system.view", "rules": rules}), false),
        (json!({"name": "system.user", "rules": rules}), false),
    ] {
        let question = json!({"roles": ["system.admin"], "custom": [role], "method": METHODS[0]});
        for flavour in Flavour::ALL {
            let theirs = flavour.ask("role", std::slice::from_ref(&question)).remove(0);
            assert_eq!(theirs["allowed"], taken, "{role}: {theirs}");
        }
        let verify = Px::new("verify a.b.c --issuer i --can volume/create");
        let verify = verify.source("role-config", "ROLES", &role.to_string());
        let ran = verify.source("shared-secret-file", "SECRET", SECRET).run();
        let expected = if taken { Exit::No } else { Exit::Settings };
        assert_eq!(ran.exit, expected, "{role}: {}", ran.stderr);
    }
}

const METHODS: [&str; 44] = [
    "/openstorage.api.OpenStorageVolume/Create",
    "/openstorage.api.OpenStorageVolume/Delete",
    "/openstorage.api.OpenStorageVolume/Inspect",
    "/openstorage.api.OpenStorageVolume/InspectWithFilters",
    "/openstorage.api.OpenStorageVolume/Enumerate",
    "/openstorage.api.OpenStorageVolume/SnapshotEnumerateWithFilters",
    "/openstorage.api.OpenStorageVolume/Stats",
    "/openstorage.api.OpenStorageVolume/CapacityUsage",
    "/openstorage.api.OpenStorageVolume/Watch",
    "/openstorage.api.OpenStorageMountAttach/Attach",
    "/openstorage.api.OpenStorageMountAttach/Unmount",
    "/openstorage.api.OpenStorageCloudBackup/Create",
    "/openstorage.api.OpenStorageCloudBackup/Status",
    "/openstorage.api.OpenStorageCloudBackup/EnumerateWithFilters",
    "/openstorage.api.OpenStorageCredentials/Validate",
    "/openstorage.api.OpenStorageCredentials/Create",
    "/openstorage.api.OpenStorageObjectstore/Inspect",
    "/openstorage.api.OpenStorageSchedulePolicy/Create",
    "/openstorage.api.OpenStorageMigrate/Start",
    "/openstorage.api.OpenStorageMigrate/Status",
    "/openstorage.api.OpenStorageCluster/InspectCurrent",
    "/openstorage.api.OpenStorageClusterPair/Create",
    "/openstorage.api.OpenStorageClusterPair/GetToken",
    "/openstorage.api.OpenStorageClusterDomains/Enumerate",
    "/openstorage.api.OpenStorageNode/Inspect",
    "/openstorage.api.OpenStorageNode/DrainAttachments",
    "/openstorage.api.OpenStorageNode/VolumeUsageByNode",
    "/openstorage.api.OpenStorageIdentity/Version",
    "/openstorage.api.OpenStorageIdentity/Capabilities",
    "/openstorage.api.OpenStoragePolicy/DefaultInspect",
    "/openstorage.api.OpenStoragePolicy/SetDefault",
    "/openstorage.api.OpenStorageRole/Create",
    "/openstorage.api.OpenStorageRole/Enumerate",
    "/openstorage.api.OpenStorageAlerts/EnumerateWithFilters",
    "/openstorage.api.OpenStorageAlerts/Delete",
    "/openstorage.api.OpenStoragePool/Resize",
    "/openstorage.api.OpenStorageJob/Update",
    "/openstorage.api.OpenStorageFilesystemTrim/Start",
    "/openstorage.api.OpenStorageBucket/GrantAccess",
    "/openstorage.api.OpenStorageopenstorage.api.openstoragevolume/Create",
    "/volume/create",
    "/VOLUME/Inspect",
    "/node/enumerate",
    "/grpc.health.v1.Health/Check",
];

const SERVICES: [&str; 26] = [
    "*",
    "*",
    "volume",
    "volume",
    "node",
    "cluster",
    "cluster*",
    "cloudbackup",
    "*backup",
    "*u*",
    "vol*",
    "identity",
    "Volume",
    "v*e",
    "!volume",
    "!*",
    "!vol*",
    "!*u*",
    "! node",
    "!!node",
    "!",
    "",
    " ",
    "* ",
    "*!volume",
    "**",
];

const APIS: [&str; 30] = [
    "*",
    "*",
    "*",
    "create",
    "inspect",
    "inspect*",
    "enumerate*",
    "*enumerate*",
    "*filters",
    "*",
    "stat*",
    "s*s",
    "*c*e",
    "Create",
    " create",
    "create ",
    "cr* ",
    "!create",
    "!*",
    "!*filters",
    "!inspect*",
    "!*e*",
    "! create",
    "!!create",
    "!Create",
    "!",
    " !create",
    "*!create",
    "",
    "* *",
];
