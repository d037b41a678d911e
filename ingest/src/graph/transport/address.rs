//! Owns where requests may go: addresses that were checked when they were made.

use std::net::IpAddr;

use reqwest::Url;

use super::super::error::{Error, Result, Setting, SettingProblem};

#[cfg(test)]
mod tests;

/// A checked address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(pub(super) Url);

/// Which hosts may be reached by plain http.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// This machine.
    Loopback,
    /// This machine and its link: where managed identities are.
    LinkLocal,
}

impl Address {
    /// Checks a bare host: scheme, host and perhaps a port.
    ///
    /// # Errors
    /// `Settings` for anything else, and for plain http to a host that is not allowed it.
    pub(crate) fn host(text: &str, setting: Setting, plain: Plain) -> Result<Self> {
        let address = Self::checked(text, setting, plain)?;
        if address.0.path() == "/" && address.0.query().is_none() && address.0.fragment().is_none() {
            return Ok(address);
        }
        Err(unfit(setting, SettingProblem::MoreThanHost { found: shown(&address.0) }))
    }

    /// Checks an address with a path.
    ///
    /// # Errors
    /// As for [`Address::host`].
    pub(crate) fn checked(text: &str, setting: Setting, plain: Plain) -> Result<Self> {
        let url = Url::parse(text)
            .map_err(|error| unfit(setting, SettingProblem::NoAddress { reason: error.to_string() }))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unfit(setting, SettingProblem::Password));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_near(&url, plain) => Ok(Self(url)),
            scheme => {
                let found = format!("{scheme}://{}", url.host_str().unwrap_or_default());
                Err(unfit(setting, SettingProblem::NotHttps { found }))
            }
        }
    }

    /// Adds a path with its query to a host.
    ///
    /// # Errors
    /// `Path` when together they are no address, `ForeignLink` when they are one of another host.
    pub(crate) fn join(&self, version: &str, path: &str) -> Result<Self> {
        let base = self.0.as_str().trim_end_matches('/');
        let slash = if version.is_empty() || path.starts_with('/') { "" } else { "/" };
        let url = Url::parse(&format!("{base}{version}{slash}{path}"));
        let url = url.map_err(|error| Error::Path { path: path.to_owned(), reason: error.to_string() })?;
        self.admit(url)
    }

    /// Takes a link that Graph gave, whole.
    ///
    /// # Errors
    /// `ForeignLink` when it leads to another scheme, host or port.
    pub(crate) fn follow(&self, link: &str) -> Result<Self> {
        let url = Url::parse(link).map_err(|_| Error::ForeignLink {
            expected: self.origin(),
            found: "something that is no address".to_owned(),
        })?;
        self.admit(url)
    }

    fn admit(&self, url: Url) -> Result<Self> {
        let is_same = url.scheme() == self.0.scheme()
            && url.host() == self.0.host()
            && url.port_or_known_default() == self.0.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        if is_same {
            return Ok(Self(url));
        }
        Err(Error::ForeignLink { expected: self.origin(), found: shown(&url) })
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        shown(&self.0)
    }

    /// The path with its query, escaped as it is sent.
    pub(crate) fn path_and_query(&self) -> String {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.0.path())
    }

    /// All of it.
    pub(crate) fn to_text(&self) -> String {
        self.0.as_str().to_owned()
    }

    /// Whether a proxy would only be in the way.
    pub(super) fn is_near(&self) -> bool {
        self.0.scheme() == "http"
    }
}

fn is_near(url: &Url, plain: Plain) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(IpAddr::V4(address)) => {
            address.is_loopback() || plain == Plain::LinkLocal && address.is_link_local()
        }
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        // The resolver of every system keeps this name at home.
        Err(_) => host == "localhost",
    }
}

/// Scheme, host and port, and nothing that could be a secret.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

fn unfit(setting: Setting, problem: SettingProblem) -> Error {
    Error::Settings { setting, problem: Box::new(problem) }
}
