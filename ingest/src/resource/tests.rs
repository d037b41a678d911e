//! Holds the table against the engine's types and against the rules of paths.

use super::{Tier, all, by_token};

#[test]
fn every_type_is_one_of_the_engines_and_stands_once() {
    let mut tokens: Vec<&str> = all().iter().map(|row| row.token.as_str()).collect();
    for token in &tokens {
        let known = engine::schema::by_token(token).unwrap_or_else(|| panic!("{token} is not known"));
        let row = by_token(token).unwrap();
        for link in &row.links {
            let relation = known.relations.iter().find(|relation| relation.name == link.name);
            let relation = relation.unwrap_or_else(|| panic!("{token}.{} is no relation", link.name));
            assert_eq!(relation.to_one, link.to_one, "{token}.{}", link.name);
        }
        assert_eq!(row.bin.is_some(), known.has_bin, "the bin of {token}");
    }
    let count = tokens.len();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), count);
}

#[test]
fn a_link_is_never_removed_without_ref() {
    let removals = all().iter().flat_map(|row| &row.links).filter_map(|link| link.remove.as_ref());
    let mut count = 0;
    for removal in removals {
        assert!(removal.path.ends_with("/$ref"), "{}", removal.path);
        count += 1;
    }
    assert!(count > 10);
}

#[test]
fn tiers_follow_from_delta_and_parents() {
    let tier = |token: &str| by_token(token).unwrap().tier();
    assert_eq!(tier("user"), Tier::Tracked);
    assert_eq!(tier("conditionalAccessPolicy"), Tier::Polled);
    assert_eq!(tier("appRoleAssignment"), Tier::Swept);
    assert_eq!(by_token("group").unwrap().link("members").unwrap().tier(), Tier::Tracked);
    assert_eq!(by_token("user").unwrap().link("sponsors").unwrap().tier(), Tier::Swept);
}
