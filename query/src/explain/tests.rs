//! Pipelines as they are shown.

use crate::Parameters;
use crate::testing::{Directory, NOW, explained};

fn lines(text: &str) -> Vec<String> {
    explained(text).lines().map(str::to_owned).collect()
}

#[test]
fn steps_that_see_one_batch_at_a_time_share_a_pipeline() {
    assert_eq!(
        lines("users | where age > 30 | summarize n = count() by department | top 2 by n"),
        [
            "pipeline 1",
            "  scan users() columns department, age where age at least 30",
            "  filter >(age, 30)",
            "  group 1 aggregate by department",
            "pipeline 2",
            "  rows of pipeline 1",
            "  project department, n = count_",
            "  top by n",
            "pipeline 3",
            "  rows of pipeline 2",
            "  result",
        ]
    );
    assert_eq!(
        lines("users | project id | take 2"),
        [
            "pipeline 1",
            "  scan users() columns id",
            "  project id",
            "  take 2, then stop reading",
            "  result"
        ]
    );
}

#[test]
fn the_hashed_side_of_a_join_comes_first() {
    let shown = lines("users | project id | join kind=inner (memberships | project id = member) on id");
    assert_eq!(shown[0], "pipeline 1");
    assert_eq!(shown[1], "  scan memberships() columns member");
    assert_eq!(shown[3], "  hash by 1 key");
    assert!(shown.iter().any(|line| line == "  join Inner on 1 key with pipeline 1"), "{shown:?}");
}

#[test]
fn what_several_steps_take_is_held_once() {
    let shown = lines("let old = users | where age > 30; old | join kind=leftanti (old | project id) on id");
    let held = shown.iter().filter(|line| line.contains("hold for several steps")).count();
    assert_eq!(held, 1, "{shown:?}");
}

#[test]
fn a_clone_of_a_plan_changes_nothing() {
    let text =
        "let old = users | where age > 30; old | project id | join kind=inner (old | project id) on id";
    let statements = crate::syntax::parse(text).unwrap();
    let (limits, parameters) = (crate::Limits::default(), Parameters::new());
    let guard = crate::limits::Guard::new(NOW, &limits);
    let bound = crate::bind::bind(statements.iter(), &parameters, &Directory, &guard).unwrap();
    let plan = &bound[0].plan;
    let before = super::explain_plan(&crate::rewrite::rewrite(plan));
    let mut held = vec![std::sync::Arc::clone(plan)];
    while let Some(input) = held.last().and_then(|plan| plan.step.inputs().next()).map(std::sync::Arc::clone)
    {
        held.push(input);
    }
    assert_eq!(super::explain_plan(&crate::rewrite::rewrite(plan)), before);
    assert_eq!(held.len(), plan.depth, "a plan of one input each has as many steps as it is deep");
}
