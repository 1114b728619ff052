//! The methods of OpenStorage's services, as rules name them.
//!
//! Source: `api/api.proto` of github.com/libopenstorage/openstorage v9.4.47, SDK 0.101.
//! `tests/openstorage/methods.rs` of step-token compares the table with that code.

/// The services with their methods, both in lowercase and in alphabetical order.
pub(crate) const SERVICES: [(&str, &[&str]); 21] = [
    ("alerts", &["delete", "enumeratewithfilters"]),
    ("bucket", &["create", "delete", "grantaccess", "revokeaccess"]),
    (
        "cloudbackup",
        &[
            "catalog",
            "create",
            "delete",
            "deleteall",
            "enumeratewithfilters",
            "groupcreate",
            "history",
            "restore",
            "schedcreate",
            "scheddelete",
            "schedenumerate",
            "schedupdate",
            "size",
            "statechange",
            "status",
        ],
    ),
    ("cluster", &["inspectcurrent"]),
    ("clusterdomains", &["activate", "deactivate", "enumerate", "inspect"]),
    ("clusterpair", &["create", "delete", "enumerate", "gettoken", "inspect", "resettoken"]),
    (
        "credentials",
        &["create", "delete", "deletereferences", "enumerate", "inspect", "update", "validate"],
    ),
    ("diags", &["collect"]),
    ("filesystemcheck", &["start", "status", "stop"]),
    (
        "filesystemtrim",
        &[
            "autofstrimpop",
            "autofstrimpush",
            "autofstrimstatus",
            "autofstrimusage",
            "start",
            "status",
            "stop",
        ],
    ),
    ("identity", &["capabilities", "version"]),
    ("job", &["enumerate", "getstatus", "update"]),
    ("migrate", &["cancel", "start", "status"]),
    ("mountattach", &["attach", "detach", "mount", "unmount"]),
    (
        "node",
        &[
            "cordonattachments",
            "drainattachments",
            "enumerate",
            "enumeratewithfilters",
            "inspect",
            "inspectcurrent",
            "uncordonattachments",
            "volumeusagebynode",
        ],
    ),
    ("objectstore", &["create", "delete", "inspect", "update"]),
    (
        "policy",
        &[
            "create",
            "defaultinspect",
            "delete",
            "enumerate",
            "inspect",
            "release",
            "setdefault",
            "update",
        ],
    ),
    (
        "pool",
        &[
            "enumeraterebalancejobs",
            "getrebalancejobstatus",
            "rebalance",
            "resize",
            "updaterebalancejobstate",
        ],
    ),
    ("role", &["create", "delete", "enumerate", "inspect", "update"]),
    ("schedulepolicy", &["create", "delete", "enumerate", "inspect", "update"]),
    (
        "volume",
        &[
            "capacityusage",
            "clone",
            "create",
            "delete",
            "enumerate",
            "enumeratewithfilters",
            "inspect",
            "inspectwithfilters",
            "snapshotcreate",
            "snapshotenumerate",
            "snapshotenumeratewithfilters",
            "snapshotrestore",
            "snapshotscheduleupdate",
            "stats",
            "update",
            "volumecatalog",
        ],
    ),
];

/// What servers after 9.4.47 have besides, as far as it is known; a server may have yet more.
///
/// Source: the paths of the later SDK's description, and the server's own code.
pub(crate) const LATER: [(&str, &[&str]); 4] = [
    ("filesystemcheck", &["deletesnapshots", "listsnapshots", "listvolumes"]),
    (
        "filesystemdefrag",
        &["cleanupschedules", "createschedule", "enumeratenodestatus", "getnodestatus"],
    ),
    ("verifychecksum", &["start", "status", "stop"]),
    ("watch", &["watch"]),
];
