//! The authentication methods policy and the configuration of each method.

use super::super::{Columns, Type};

/// The types of this part of the table.
pub(crate) const TYPES: &[Type] = &[
    Type {
        token: "authenticationMethodsPolicy",
        table: "authenticationMethodsPolicy",
        odata_types: &["microsoft.graph.authenticationMethodsPolicy"],
        contexts: &["policies/authenticationMethodsPolicy"],
        columns: Columns {
            strings: &["description", "displayName", "policyMigrationState", "policyVersion"],
            int32s: &["reconfirmationInDays"],
            date_times: &["lastModifiedDateTime"],
            dynamics: &["registrationEnforcement"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "emailAuthenticationMethodConfiguration",
        table: "emailAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.emailAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Email"],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/Email"],
        columns: Columns {
            strings: &["allowExternalIdToUseEmailOtp", "state"],
            dynamics: &["excludeTargets"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "fido2AuthenticationMethodConfiguration",
        table: "fido2AuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.fido2AuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/FIDO2"],
        columns: Columns {
            strings: &["defaultPasskeyProfile", "state"],
            booleans: &["isAttestationEnforced", "isSelfServiceRegistrationAllowed"],
            dynamics: &["excludeTargets", "keyRestrictions"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "microsoftAuthenticatorAuthenticationMethodConfiguration",
        table: "microsoftAuthenticatorAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration"],
        contexts: &[
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/MicrosoftAuthenticator",
        ],
        folders: &[
            "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/MicrosoftAuthenticator",
        ],
        columns: Columns {
            strings: &["state"],
            booleans: &["isSoftwareOathEnabled"],
            dynamics: &["excludeTargets", "featureSettings"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "smsAuthenticationMethodConfiguration",
        table: "smsAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.smsAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Sms"],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/SMS"],
        columns: Columns { strings: &["state"], dynamics: &["excludeTargets"], ..Columns::NONE },
        ..Type::NONE
    },
    Type {
        token: "softwareOathAuthenticationMethodConfiguration",
        table: "softwareOathAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.softwareOathAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/SoftwareOath"],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/SoftwareOath"],
        columns: Columns { strings: &["state"], dynamics: &["excludeTargets"], ..Columns::NONE },
        ..Type::NONE
    },
    Type {
        token: "temporaryAccessPassAuthenticationMethodConfiguration",
        table: "temporaryAccessPassAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration"],
        contexts: &[
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass",
        ],
        folders: &[
            "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/TemporaryAccessPass",
        ],
        columns: Columns {
            strings: &["state"],
            booleans: &["isUsableOnce"],
            int32s: &[
                "defaultLength",
                "defaultLifetimeInMinutes",
                "maximumLifetimeInMinutes",
                "minimumLifetimeInMinutes",
            ],
            dynamics: &["excludeTargets"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "voiceAuthenticationMethodConfiguration",
        table: "voiceAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.voiceAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Voice"],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/Voice"],
        columns: Columns {
            strings: &["state"],
            booleans: &["isOfficePhoneAllowed"],
            dynamics: &["excludeTargets"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "x509CertificateAuthenticationMethodConfiguration",
        table: "x509CertificateAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.x509CertificateAuthenticationMethodConfiguration"],
        contexts: &[
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/X509Certificate",
        ],
        folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/X509Certificate"],
        columns: Columns {
            strings: &["state"],
            dynamics: &[
                "authenticationModeConfiguration",
                "certificateAuthorityScopes",
                "certificateUserBindings",
                "crlValidationConfiguration",
                "excludeTargets",
                "issuerHintsConfiguration",
            ],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "qrCodePinAuthenticationMethodConfiguration",
        table: "qrCodePinAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.qrCodePinAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/QRCodePin"],
        columns: Columns {
            strings: &["state"],
            int32s: &["pinLength", "standardQRCodeLifetimeInDays"],
            dynamics: &["excludeTargets"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "verifiableCredentialsAuthenticationMethodConfiguration",
        table: "verifiableCredentialsAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration"],
        contexts: &[
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/VerifiableCredentials",
        ],
        columns: Columns { strings: &["state"], dynamics: &["excludeTargets"], ..Columns::NONE },
        ..Type::NONE
    },
    Type {
        token: "externalAuthenticationMethodConfiguration",
        table: "externalAuthenticationMethodConfigurations",
        odata_types: &["microsoft.graph.externalAuthenticationMethodConfiguration"],
        contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/external"],
        columns: Columns {
            strings: &["appId", "displayName", "state"],
            dynamics: &["excludeTargets", "openIdConnectSetting"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
];
