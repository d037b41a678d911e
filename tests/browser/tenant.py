"""A small tenant on two days, as files to import: what changed touches every area, and its names try to be markup."""

import json
from pathlib import Path

ATTACK = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
TENANT = "c0ffee00-0000-4000-8000-000000000000"


def guid(number):
    return f"{number:08x}-1111-4222-8333-444455556666"


def user(number, name, **more):
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": guid(number),
        "displayName": name,
        "userPrincipalName": f"user{number}@contoso.example",
        "accountEnabled": True,
        "department": "Sales",
        "jobTitle": "Account manager with a title that is rather long",
        **more,
    }


def policy(number, name, state, users, applications, grant, **conditions):
    return {
        "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
        "id": guid(number),
        "displayName": name,
        "state": state,
        "conditions": {
            "users": users,
            "applications": applications,
            "clientAppTypes": ["all"],
            **conditions,
        },
        "grantControls": grant,
        "sessionControls": {"signInFrequency": {"isEnabled": True, "value": 4, "type": "hours"}},
    }


def day(is_after):
    """The objects of the tenant before or after a bad day."""
    excluded = [guid(2)] + ([guid(3), guid(999)] if is_after else [])
    mfa = {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}
    objects = [
        {"@odata.type": "#microsoft.graph.organization", "id": TENANT, "displayName": "Contoso <&> Ltd"},
        user(1, ATTACK, department="Sales" if not is_after else ATTACK),
        user(2, "Break Glass"),
        user(3, "Henrik Virtanen", jobTitle="Contractor" if is_after else "Clerk"),
        *[user(10 + n, f"Person {n}", department="Contractors" if is_after else "Sales") for n in range(12)],
        {
            "@odata.type": "#microsoft.graph.group",
            "id": guid(100),
            "displayName": "Administrators" + "WithoutAnySpace" * 6,
            "members": [guid(2)] + ([guid(1), guid(3)] if is_after else [guid(10)]),
        },
        {"@odata.type": "#microsoft.graph.namedLocation", "id": guid(200), "displayName": "Headquarters",
         "isTrusted": not is_after},
        {"@odata.type": "#microsoft.graph.servicePrincipal", "id": guid(300), "appId": guid(301),
         "displayName": "Payroll Sync"},
        {"@odata.type": "#microsoft.graph.unifiedRoleDefinition", "id": guid(400),
         "displayName": "Global Administrator"},
        policy(500, "CA1 Multifactor for everybody", "disabled" if is_after else "enabled",
               {"includeUsers": ["All"], "excludeUsers": excluded, "includeRoles": [guid(400)]},
               {"includeApplications": ["All"], "excludeApplications": [guid(301)]}, mfa,
               locations={"includeLocations": ["All"], "excludeLocations": [guid(200)]},
               platforms={"includePlatforms": ["windows", "iOS"]}, signInRiskLevels=["high"]),
        policy(501, "CA2 Block legacy authentication", "enabled",
               {"includeUsers": ["All"]}, {"includeApplications": ["All"]},
               {"operator": "OR", "builtInControls": ["block"]}),
        {"@odata.type": "#microsoft.graph.device", "id": guid(600), "displayName": "LAPTOP-1",
         "accountEnabled": not is_after},
        {"@odata.type": "#microsoft.graph.somethingNew", "id": guid(700), "displayName": "New",
         "value": 2 if is_after else 1},
    ]
    if is_after:
        objects.append({
            "@odata.type": "#microsoft.graph.application", "id": guid(310), "appId": guid(311),
            "displayName": "Helper", "passwordCredentials": [{"keyId": guid(312), "displayName": "x"}],
        })
    else:
        objects.append(user(4, "Leaver"))
    return objects


def write(folder):
    """Writes a file for each day; returns their paths."""
    paths = []
    for name, is_after in [("before", False), ("after", True)]:
        path = Path(folder) / f"{name}.ndjson"
        path.write_text("".join(json.dumps(item) + "\n" for item in day(is_after)), encoding="utf-8")
        paths.append(path)
    return paths
