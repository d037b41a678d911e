//! The questions that a responder has first, each answered by one command.

use crate::cli_names::{expect_lines, shell};

/// What is typed, and lines of the answer.
struct Question {
    words: &'static [&'static str],
    status: u8,
    lines: &'static [&'static str],
}

const QUESTIONS: [Question; 12] = [
    // What is worst?
    Question {
        words: &["findings", "latest~1", "--severity", "critical"],
        status: 0,
        lines: &["Henrik Virtanen is Global Administrator", "3 findings: 3 critical"],
    },
    // Which policies protect less?
    Question {
        words: &[
            "query",
            "findings('latest~1', 'latest') | where rule startswith 'conditional-access' | distinct displayName, rule",
        ],
        status: 0,
        lines: &["Require MFA  conditional-access-disabled", "Require MFA  conditional-access-excluded"],
    },
    // Whom does the policy spare now?
    Question {
        words: &["show", "Require MFA"],
        status: 0,
        lines: &["State", "Except whom", "Henrik Virtanen", "group Break glass"],
    },
    // How did it look before?
    Question {
        words: &["show", "Require MFA", "--at", "latest~1"],
        status: 0,
        lines: &[
            "On: all users and role Global Administrator using all resources",
            "Except from where Head office",
        ],
    },
    // When did it change?
    Question {
        words: &["history", "Require MFA"],
        status: 0,
        lines: &["2026-11-17 00:00:00Z", "~ state: \"enabled\" -> \"enabledForReportingButNotEnforced\""],
    },
    // What may applications do that they could not?
    Question {
        words: &[
            "query",
            "findings('latest~1', 'latest') | where rule endswith '-permission-gained' | project sentence",
        ],
        status: 0,
        lines: &["RoleManagement.ReadWrite.Directory on Microsoft Graph"],
    },
    // Who agreed to what for everybody?
    Question {
        words: &["query", "oauth2PermissionGrants | where consentType == 'AllPrincipals' | project scope"],
        status: 0,
        lines: &["Mail.Read User.Read"],
    },
    // Which guests are new?
    Question {
        words: &["query", "findings('latest~1', 'latest') | where rule == 'guest-added' | project sentence"],
        status: 0,
        lines: &["The guest Mallory (mallory@evil.example) is new"],
    },
    // What is gone?
    Question {
        words: &[
            "query",
            "diff('latest~1') | where change endswith 'deleted' | project type, displayName, change",
        ],
        status: 0,
        lines: &["Bob Berg", "hardDeleted"],
    },
    // What does this account belong to?
    Question {
        words: &["show", "Henrik Virtanen"],
        status: 0,
        lines: &["in members of (2)", "group Owners of everything 00000023-aaaa-4000-8000-000000000023"],
    },
    // What would put it back?
    Question {
        words: &["plan", "latest~1", "latest"],
        status: 0,
        lines: &[
            "removeLink appRoleAssignment Payroll Sync may act as an application with RoleManagement.ReadWrite.Directory",
            "Guard ",
            "Hash ",
        ],
    },
    // Is there anything that a script should stop for?
    Question {
        words: &["findings", "latest~1", "--fail-on", "critical"],
        status: 10,
        lines: &["Ann Lee may activate Global Administrator"],
    },
];

#[test]
fn each_question_of_a_responder_is_answered_by_one_command() {
    let shell = shell();
    for Question { words, status, lines } in QUESTIONS {
        let typed = words.iter().copied().chain(["-o", "table"]);
        let answer = shell.run_words(typed, "").expect(status);
        expect_lines(&answer.stdout, lines);
    }
}

#[test]
fn the_same_questions_of_two_equal_points_find_nothing() {
    let shell = shell();
    let quiet = shell.run("findings latest latest --fail-on info -o table");
    assert!([0, 4].contains(&quiet.status), "{}", quiet.stdout);
    assert!(!quiet.stdout.contains("critical"), "{}", quiet.stdout);
    let gone = shell.run_words(["query", "diff('latest', 'latest') | count", "-o", "tsv"].into_iter(), "");
    assert_eq!(gone.expect(0).stdout, "Count\n0\n");
}
