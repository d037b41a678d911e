//! Imports from the command line: the same tenant in other words, what is not whole, whose data it is.

use crate::cli_commands::Shell;

/// One tenant in two texts, each object in another way.
const WORDS: [[&str; 2]; 7] = [
    [
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000001","displayName":"set","customSecurityAttributes":{"Engineering":{"@odata.type":"#microsoft.graph.customSecurityAttributeValue","Project@odata.type":"#Collection(String)","Project":["Baker","Cascade"]}}}"##,
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000001","displayName":"set","customSecurityAttributes":{"Engineering":{"@odata.type":"#microsoft.graph.customSecurityAttributeValue","Project":["Cascade","Baker"]}}}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.oauth2PermissionGrant","id":"g","clientId":"aaaaaaaa-0000-0000-0000-000000000101","consentType":"AllPrincipals","resourceId":"aaaaaaaa-0000-0000-0000-000000000102","scope":"User.Read Mail.Read"}"##,
        r##"{"@odata.type":"#microsoft.graph.oauth2PermissionGrant","id":"g","clientId":"aaaaaaaa-0000-0000-0000-000000000101","consentType":"AllPrincipals","resourceId":"aaaaaaaa-0000-0000-0000-000000000102","scope":" Mail.Read User.Read"}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000003","employeeHireDate":"2026-03-01T10:00:00Z"}"##,
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000003","employeeHireDate":"2026-03-01T10:00:00.0000000Z"}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000004","otherMails":[]}"##,
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000004","otherMails":null}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.group","id":"aaaaaaaa-0000-0000-0000-000000000005","members":["aaaaaaaa-0000-0000-0000-000000000004"]}"##,
        r##"{"@odata.type":"#microsoft.graph.group","id":"AAAAAAAA-0000-0000-0000-000000000005","members":["AAAAAAAA-0000-0000-0000-000000000004"]}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.conditionalAccessPolicy","id":"aaaaaaaa-0000-0000-0000-000000000006","conditions":{"users":{"includeUsers":["All"],"excludeGuestsOrExternalUsers":{"guestOrExternalUserTypes":"internalGuest,serviceProvider"}}},"sessionControls":{}}"##,
        r##"{"@odata.type":"#microsoft.graph.conditionalAccessPolicy","id":"aaaaaaaa-0000-0000-0000-000000000006","conditions":{"users":{"includeUsers":["All"],"excludeGuestsOrExternalUsers":{"guestOrExternalUserTypes":"serviceProvider,internalGuest"}}},"sessionControls":null}"##,
    ],
    [
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000007","businessPhones":["1","2"]}"##,
        r##"{"@odata.type":"#microsoft.graph.user","id":"aaaaaaaa-0000-0000-0000-000000000007","businessPhones":["2","1"]}"##,
    ],
];

#[test]
fn the_same_tenant_in_other_words_is_no_difference() {
    let shell = Shell::new();
    for (day, name) in ["a.ndjson", "b.ndjson"].into_iter().enumerate() {
        let lines: Vec<&str> = WORDS.iter().map(|words| words[day]).collect();
        shell.write(name, &lines.join("\n"));
        shell.run(&format!("import {name} --taken-at 2026-11-1{day}")).expect(0);
    }
    for line in ["diff latest~1 --exit-code", "diff latest latest~1 --exit-code", "diff latest~1 --summary"] {
        assert_eq!(shell.run(line).expect(0).lines(), [] as [serde_json::Value; 0], "{line}");
    }
    for (point, phones) in [("latest~1", "[\"1\",\"2\"]"), ("latest", "[\"2\",\"1\"]")] {
        let shown = shell.run(&format!("show aaaaaaaa-0000-0000-0000-000000000007 --at {point}")).expect(0);
        assert_eq!(shown.lines()[0]["businessPhones"].to_string(), phones, "what comes out is what went in");
    }
    let plan = shell.run("plan latest~1 latest -o json").expect(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert!(plan["steps"].as_array().is_some_and(Vec::is_empty), "{plan}");
}

#[test]
fn an_object_is_found_in_whatever_case_its_id_is_typed() {
    let shell = Shell::new();
    let group = WORDS[4];
    shell.write("a.ndjson", group[1]);
    shell.write("b.ndjson", &group[0].replace("\"members\"", "\"displayName\":\"new\",\"members\""));
    shell.run("import a.ndjson --taken-at 2026-11-16").expect(0);
    shell.run("import b.ndjson --taken-at 2026-11-17").expect(0);
    for id in [
        "aaaaaaaa-0000-0000-0000-000000000005",
        "AAAAAAAA-0000-0000-0000-000000000005",
        "aaaaAAAA-0000-0000-0000-000000000005",
    ] {
        let shown = shell.run(&format!("show {id}")).expect(0).lines();
        assert_eq!(shown[0]["id"], "AAAAAAAA-0000-0000-0000-000000000005", "as it first came");
        assert_eq!(shell.run(&format!("diff latest~1 --ids {id}")).expect(0).lines().len(), 1, "{id}");
        let history = |id: &str| shell.run(&format!("history {id}")).expect(0).stdout;
        assert!(history(id).contains("displayName"), "{id}");
        assert_eq!(history(id), history("AAAAAAAA-0000-0000-0000-000000000005"), "{id}");
    }
}

#[test]
fn a_cut_off_export_is_refused_and_never_planned() {
    let whole = r##"{"@odata.type":"#microsoft.graph.conditionalAccessPolicy","id":"abcdef00-0000-0000-0000-00000000005a","displayName":"CA","state":"enabled","conditions":{"clientAppTypes":["all"],"applications":{"includeApplications":["All"]},"users":{"includeUsers":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"##;
    let cut =
        whole.replace(r#"{"includeApplications":["All"]}"#, r#""@{includeApplications=System.Object[]}""#);
    let shell = Shell::new();
    shell.write("cut.ndjson", &cut);
    shell.write("whole.ndjson", whole);
    shell.run("import whole.ndjson --taken-at 2026-11-16").expect(0);
    let before = shell.store();
    let error = shell.run("import cut.ndjson --taken-at 2026-11-17").expect(1).error();
    let message = error["message"].to_string();
    assert!(message.contains("conditions.applications of abcdef00-0000-0000-0000-00000000005a"), "{message}");
    assert_eq!((error["line"].as_u64(), error["code"].as_str()), (Some(1), Some("input")));
    assert_eq!(shell.store(), before);
    shell.run("import cut.ndjson --taken-at 2026-11-17 --accept-truncated").expect(0);
}

#[test]
fn an_order_that_means_something_is_put_back() {
    let shell = Shell::new();
    for (day, order) in [
        r#"["azureActiveDirectory","externalFederation"]"#,
        r#"["externalFederation","azureActiveDirectory"]"#,
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{day}.ndjson");
        shell.write(
            &name,
            &format!(
                r##"{{"@odata.type":"#microsoft.graph.crossTenantAccessPolicyConfigurationDefault","id":"default","invitationRedemptionIdentityProviderConfiguration":{{"primaryIdentityProviderPrecedenceOrder":{order},"fallbackIdentityProvider":"emailOneTimePasscode"}}}}"##
            ),
        );
        shell.run(&format!("import {name} --taken-at 2026-11-1{day}")).expect(0);
    }
    assert_eq!(shell.run("diff latest~1").expect(0).lines().len(), 1);
    let plan = shell.run("plan latest~1 latest -o json").expect(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let body = plan["steps"][0]["request"]["body"].to_string();
    assert!(body.contains(r#"["azureActiveDirectory","externalFederation"]"#), "{plan}");
}

#[test]
fn the_data_of_another_tenant_is_taken_only_when_it_is_said() {
    let shell = Shell::new();
    let users = |tenant: u32| -> String {
        let user = |number| {
            format!(
                "{{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"abcdef00-0000-4000-{tenant:04}-{number:012}\"}}\n"
            )
        };
        (0..25).map(user).collect()
    };
    shell.write("ours.ndjson", &users(8000));
    shell.write("theirs.ndjson", &users(9000));
    shell.run("import ours.ndjson --taken-at 2026-11-16").expect(0);
    let before = shell.store();
    let error = shell.run("import theirs.ndjson --taken-at 2026-11-17").expect(3).error();
    assert!(error["message"].to_string().contains("found 0 of its 25 objects"), "{error}");
    assert_eq!(shell.store(), before);
    shell.run("import theirs.ndjson --taken-at 2026-11-17 --new-tenant-data").expect(0);
}
