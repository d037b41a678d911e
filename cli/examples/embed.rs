//! Two exports become two backups; what differs between them, and who matches a query.

use entrasnap::Database;

#[derive(serde::Deserialize)]
struct User {
    name: String,
    department: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("user.ndjson");
    let mut database = Database::create(folder.path().join("entrasnap.store"))?;
    for (day, department) in [("2026-11-16", "Sales"), ("2026-11-17", "Finance")] {
        std::fs::write(&export, format!(r#"{{"id":"7","displayName":"Ann","department":"{department}"}}"#))?;
        database.import([&export], format!("{day}T00:00:00Z").parse()?)?;
    }
    let changes = database.difference("latest~1", "latest")?;
    assert_eq!(changes[0].attributes[0].to.as_deref(), Some(r#""Finance""#));
    let answer = database.query("users('latest~1') | project name = displayName, department")?;
    let users = answer.read().collect::<Result<Vec<User>, _>>()?;
    assert_eq!((&*users[0].name, users[0].department.as_deref()), ("Ann", Some("Sales")));
    Ok(())
}
