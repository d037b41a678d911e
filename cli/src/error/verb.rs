//! Verbs that people know from other programs, and what does here what they mean.

/// The verbs that mean one thing, and what to type for it.
pub(crate) const VERBS: [(&[&str], &str); 14] = [
    (
        &["restore", "revert", "rollback", "reset"],
        "`entrasnap plan POINT --out FILE` says what puts that state back, `apply FILE` does it; `recover POINT` does both",
    ),
    (
        &["undo"],
        "`entrasnap recovery undo ID` undoes a recovery; `entrasnap recover latest~1` goes back by one backup",
    ),
    (
        &["log", "changes", "events"],
        "`entrasnap backups` lists the backups, `diff` shows the last change, `history OBJECT` all of one object",
    ),
    (
        &["list", "ls", "snapshots", "snapshot-list", "points", "versions"],
        "`entrasnap backups` lists the backups, `recoveries` the recoveries, `report list` the reports",
    ),
    (
        &["init", "create", "new"],
        "no store need be made: the first `entrasnap backup` or `entrasnap import` does it",
    ),
    (&["snapshot", "save", "commit", "pull", "sync"], "`entrasnap backup` commits a backup of the tenant"),
    (
        &["status", "info"],
        "`entrasnap diff latest live` says what differs in the tenant now, `stats` what the store holds",
    ),
    (&["compare"], "`entrasnap diff FROM TO` compares two points in time"),
    (
        &["search", "find", "select", "sql", "kql", "get-users"],
        "`entrasnap query 'search \"text\"'` searches; `query` takes any KQL",
    ),
    (&["get", "cat", "view", "describe"], "`entrasnap show OBJECT` shows an object, by its ID or its name"),
    (&["check", "fsck", "validate"], "`entrasnap verify` checks the store, `verify --deep` each byte of it"),
    (
        &["login", "auth", "connect", "signin"],
        "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or see `entrasnap backup --help`",
    ),
    (&["shell", "console", "sh"], "`entrasnap repl` begins a conversation"),
    (
        &["help", "version", "exit", "quit"],
        "`entrasnap --help` explains, `entrasnap --version` says the version",
    ),
];

/// What to type instead of a verb that there is not.
pub(crate) fn instead_of(verb: &str) -> Option<&'static str> {
    let verb = verb.to_ascii_lowercase();
    VERBS.iter().find(|(names, _)| names.contains(&verb.as_str())).map(|(_, help)| *help)
}
