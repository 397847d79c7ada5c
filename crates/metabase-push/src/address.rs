//! Where Metabase is, and the way there: encrypted or not, and through which proxy.
//!
//! The key never travels unencrypted unless the user has said so. Only this file finds out which proxy the environment names.

use std::fmt;
use std::net::IpAddr;

use hyper_util::client::proxy::matcher::Matcher;
use ureq::Proxy;
use ureq::http::Uri;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::progress::Progress;

/// Where the API key may go unencrypted, other than to this machine itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PlainHttp {
    /// Nowhere.
    #[default]
    Refused,
    /// To Metabase, with no proxy on the way.
    Direct,
    /// To Metabase and through the proxy that the environment names.
    ByProxy,
}

/// The address of a Metabase, and the proxy on the way there.
#[derive(Clone, Debug)]
pub struct Address {
    pub(crate) url: Url,
    pub(crate) proxy: Option<NamedProxy>,
}

impl Address {
    /// Returns the address in a text. `variable` reads the environment, which may name a proxy.
    ///
    /// A note tells people of a proxy on the way, and a warning that others can read the key there.
    pub fn new(
        address: &str,
        plain_http: PlainHttp,
        variable: &dyn Fn(&str) -> Option<String>,
        progress: &Progress,
    ) -> Result<Address> {
        let url = parse(address)?;
        // No proxy leads here: to a proxy, "localhost" is the proxy's own machine.
        if is_loopback(&url) {
            return Ok(Address { url, proxy: None });
        }
        let proxy = NamedProxy::on_the_way_to(&url, variable)?;
        match (url.scheme(), &proxy, plain_http) {
            ("https", None, _) => {}
            ("https", Some(proxy), _) => {
                progress.note(&format!("Metabase is reached through the proxy {proxy}"));
            }
            (_, None, PlainHttp::Direct | PlainHttp::ByProxy) => {
                progress.warn("the address begins with http://, so the API key travels unencrypted");
            }
            (_, Some(proxy), PlainHttp::ByProxy) => progress.warn(&format!(
                "the address begins with http://, so the API key travels unencrypted, through the proxy {proxy}"
            )),
            (_, None, PlainHttp::Refused) => return Err(Error::PlainHttp),
            (_, Some(proxy), PlainHttp::Refused | PlainHttp::Direct) => {
                return Err(Error::PlainHttpByProxy {
                    proxy: proxy.to_string(),
                });
            }
        }
        Ok(Address { url, proxy })
    }
}

/// A proxy and the environment variable that names it.
#[derive(Clone, Debug)]
pub(crate) struct NamedProxy {
    variable: &'static str,
    pub(crate) proxy: Proxy,
}

impl NamedProxy {
    fn on_the_way_to(url: &Url, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<NamedProxy>> {
        let names: &[&'static str] = match url.scheme() {
            "https" => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            // A web server hands the header "Proxy" of a request to its programs as HTTP_PROXY, and anybody can send one.
            _ if variable("REQUEST_METHOD").is_some() => &["http_proxy", "all_proxy", "ALL_PROXY"],
            _ => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let set = |name: &'static str| Some((name, variable(name).filter(|value| !value.trim().is_empty())?));
        let Some((name, value)) = names.iter().find_map(|name| set(name)) else {
            return Ok(None);
        };
        if ["no_proxy", "NO_PROXY"]
            .iter()
            .find_map(|name| variable(name).filter(|list| !list.trim().is_empty()))
            .is_some_and(|list| is_listed(url, &list))
        {
            return Ok(None);
        }
        // The value may hold a password, so the error does not repeat it.
        let proxy = Proxy::new(value.trim()).map_err(|_| Error::InvalidVariable {
            name,
            reason: "it is no address of a proxy, such as http://proxy.example.com:3128".to_owned(),
        })?;
        Ok(Some(NamedProxy {
            variable: name,
            proxy,
        }))
    }
}

/// Without user and password.
impl fmt::Display for NamedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.proxy.uri().scheme_str().unwrap_or("http");
        let (host, port) = (self.proxy.host(), self.proxy.port());
        write!(f, "{scheme}://{host}:{port} ({})", self.variable)
    }
}

/// Whether NO_PROXY lists the host of an address.
fn is_listed(url: &Url, list: &str) -> bool {
    let Ok(uri) = url.as_str().parse::<Uri>() else {
        return false;
    };
    // Commas or spaces separate, and some write "*.example.com" for ".example.com".
    let list = list
        .to_ascii_lowercase()
        .replace(char::is_whitespace, ",")
        .replace("*.", ".");
    // The name of the proxy does not matter here. The question is whether the list leaves it out.
    let matcher = Matcher::builder().all("http://proxy").no(list).build();
    matcher.intercept(&uri).is_none()
}

fn parse(address: &str) -> Result<Url> {
    let invalid = |reason: &str| Error::InvalidUrl {
        reason: reason.to_owned(),
    };
    // The address may hold a password, so the error does not repeat it.
    let url = Url::parse(address.trim()).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it begins with neither https:// nor http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it holds a user or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a part after ? or #"));
    }
    Ok(url)
}

/// Whether an address is certainly that of this machine. A name such as "x.localhost" is not: some machines ask the network
/// for it.
fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The way to an address: its proxy, as it is shown.
    fn way(address: &str, plain_http: PlainHttp, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let variable = |name: &str| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        };
        let found = Address::new(address, plain_http, &variable, &Progress::hidden())?;
        Ok(found
            .proxy
            .map(|named| format!("{}:{}", named.proxy.host(), named.proxy.port())))
    }

    fn https(variables: &[(&str, &str)]) -> Option<String> {
        way("https://bi.example.com", PlainHttp::Refused, variables).expect("https is fine")
    }

    #[test]
    fn an_address_is_that_of_a_metabase_without_a_password() {
        let of = |address: &str| parse(address).map(|url| url.to_string());
        assert_eq!(of("https://bi.example.com").unwrap(), "https://bi.example.com/");
        assert_eq!(
            of("http://localhost:3000/metabase/").unwrap(),
            "http://localhost:3000/metabase/"
        );
        for address in [
            "bi.example.com",
            "ftp://bi",
            "https://bi/?a=b",
            "https://bi/#x",
            "https://me:hunter2@bi",
            "https://hunter2@bi",
            "https://me:hunter2@",
            "https://me:hunter2@bi:99999",
        ] {
            let error = of(address).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (address, expected) in [
            ("http://localhost:3000", true),
            ("http://LOCALHOST:3000", true),
            ("http://127.8.9.1", true),
            ("http://0x7f000001", true),
            ("http://[::1]:80", true),
            ("http://metabase.localhost", false),
            ("http://localhost.", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::ffff:10.0.0.1]", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn an_unencrypted_way_is_refused_unless_the_user_says_so() {
        let proxy = [("http_proxy", "http://me:hunter2@proxy:3128")];
        for (address, variables, refused, direct) in [
            ("http://bi.example.com", &[][..], true, false),
            ("http://10.0.0.1:3000", &[], true, false),
            ("http://bi.example.com", &proxy[..], true, true),
            ("http://localhost:3000", &proxy, false, false),
            ("https://bi.example.com", &proxy, false, false),
        ] {
            let is_refused = |plain_http| match way(address, plain_http, variables) {
                Ok(_) => false,
                Err(error @ (Error::PlainHttp | Error::PlainHttpByProxy { .. })) => {
                    let words = format!("{error} {error:?} {:?}", error.hint());
                    assert!(!words.contains("hunter2"), "{words}");
                    assert!(words.contains("--allow-http"), "{words}");
                    assert_eq!(error.exit_code(), 2);
                    true
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(is_refused(PlainHttp::Refused), refused, "{address} {variables:?}");
            assert_eq!(is_refused(PlainHttp::Direct), direct, "{address} {variables:?}");
            assert!(!is_refused(PlainHttp::ByProxy), "{address} {variables:?}");
        }
        let by_proxy = way("http://bi.example.com", PlainHttp::ByProxy, &proxy);
        assert_eq!(by_proxy.unwrap().as_deref(), Some("proxy:3128"));
    }

    #[test]
    fn each_scheme_has_its_proxy_in_lower_and_in_upper_case() {
        for (variable, value, expected) in [
            ("https_proxy", "http://proxy:3128", Some("proxy:3128")),
            ("HTTPS_PROXY", "proxy", Some("proxy:80")),
            ("all_proxy", "https://proxy", Some("proxy:443")),
            ("ALL_PROXY", "socks5h://me:pass@proxy", Some("proxy:1080")),
            ("http_proxy", "http://proxy:3128", None),
            ("HTTP_PROXY", "http://proxy:3128", None),
            ("https_proxy", "", None),
        ] {
            assert_eq!(https(&[(variable, value)]).as_deref(), expected, "{variable}");
        }
        let both = [
            ("HTTPS_PROXY", "upper"),
            ("https_proxy", "lower"),
            ("ALL_PROXY", "all"),
        ];
        assert_eq!(https(&both).as_deref(), Some("lower:80"));
    }

    #[test]
    fn what_a_web_server_hands_on_is_no_proxy() {
        let cgi = |more: &[(&str, &str)]| {
            let variables = [&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil")], more].concat();
            way("http://bi.example.com", PlainHttp::ByProxy, &variables).unwrap()
        };
        assert_eq!(cgi(&[]), None);
        assert_eq!(cgi(&[("http_proxy", "ours")]).as_deref(), Some("ours:80"));
    }

    #[test]
    fn no_proxy_is_heeded() {
        for (list, is_direct) in [
            ("bi.example.com", true),
            ("example.com", true),
            (".example.com", true),
            ("*.EXAMPLE.com", true),
            ("localhost, bi.example.com", true),
            ("localhost bi.example.com", true),
            ("*", true),
            ("", false),
            ("ample.com", false),
            ("other.example.com", false),
            ("bi.example.com.evil.com", false),
        ] {
            for name in ["no_proxy", "NO_PROXY"] {
                let proxy = https(&[("https_proxy", "proxy"), (name, list)]);
                assert_eq!(proxy.is_none(), is_direct, "{list}");
            }
        }
        let by_ip = |list| {
            let variables = [("ALL_PROXY", "proxy"), ("NO_PROXY", list)];
            way("https://10.1.2.3", PlainHttp::Refused, &variables).unwrap()
        };
        assert_eq!(by_ip("10.0.0.0/8"), None);
        assert!(by_ip("10.1.2.4").is_some());
        // NO_PROXY also takes the proxy off an unencrypted way.
        let variables = [("ALL_PROXY", "proxy"), ("NO_PROXY", "*")];
        assert_eq!(way("http://bi", PlainHttp::Direct, &variables).unwrap(), None);
    }

    #[test]
    fn what_is_no_proxy_is_an_error_and_not_passed_by() {
        for value in [
            "gopher://hunter2@proxy",
            "hunter2 proxy",
            "http://",
            "http://me:%ff@hunter2",
        ] {
            let variables = [("https_proxy", value)];
            let error = way("https://bi.example.com", PlainHttp::Refused, &variables).unwrap_err();
            assert!(error.to_string().contains("https_proxy"), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_variable_and_no_address_panics_or_shows_a_password(
            address in prop_oneof!["\\PC{0,40}", "https?://\\PC{0,40}", "https?://[a-z.:@0-9/]{1,30}"],
            proxy in prop_oneof!["\\PC{0,40}", "(http|https|socks5|socks4a|x)://[a-zA-Z0-9.:@%/]{0,30}"],
            list in "[*.,a-z0-9/: ]{0,30}",
        ) {
            let proxy = format!("{proxy}hunter2");
            let variables = [("ALL_PROXY", proxy.as_str()), ("NO_PROXY", list.as_str())];
            if let Err(error) = way(&address, PlainHttp::Refused, &variables)
                && !matches!(error, Error::PlainHttpByProxy { .. })
            {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
            let secret = format!("http://me:hunter2@{proxy}");
            let variables = [("http_proxy", secret.as_str())];
            if let Err(error) = way("http://bi.example.com", PlainHttp::Refused, &variables) {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("me:hunter2"), "{}", shown);
            }
        }
    }
}
