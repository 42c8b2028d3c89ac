//! The proxy that the environment asks for. Owns the reading of HTTPS_PROXY and NO_PROXY as Go programs read them; must not
//! touch the environment itself.

use std::net::IpAddr;

use http::Uri;

/// The proxy for `server`, from `HTTPS_PROXY`/`HTTP_PROXY` and `NO_PROXY` in either case.
pub(crate) fn from_environment(server: &Uri, variable: impl Fn(&str) -> Option<String>) -> Option<Uri> {
    let read = |upper: &str| {
        let value = variable(upper).or_else(|| variable(&upper.to_lowercase()));
        value.filter(|value| !value.is_empty())
    };
    let name = if server.scheme_str() == Some("http") { "HTTP_PROXY" } else { "HTTPS_PROXY" };
    let host = server.host()?.trim_matches(['[', ']']);
    let port = server.port_u16();
    if is_local(host) || exempt(host, port, &read("NO_PROXY").unwrap_or_default()) {
        return None;
    }
    let proxy = read(name)?;
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    proxy.parse().ok()
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn exempt(host: &str, port: Option<u16>, list: &str) -> bool {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| matches(host, port, entry))
}

/// `*`, an address, a network, `host`, `.domain`, `*.domain`, each with an optional port.
fn matches(host: &str, port: Option<u16>, entry: &str) -> bool {
    if entry == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    if let (Some(address), Some((network, bits))) = (address, entry.split_once('/')) {
        return in_network(address, network, bits);
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => match digits.parse::<u16>() {
            Ok(wanted) => (name, Some(wanted)),
            Err(_) => (entry, None),
        },
        _ => (entry.trim_matches(['[', ']']), None),
    };
    if wanted.is_some() && wanted != port {
        return false;
    }
    let (host, name) = (host.to_ascii_lowercase(), name.to_ascii_lowercase());
    if let Some(domain) = name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        return host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    }
    host == name || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(a) & mask == u32::from(n) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(a) & mask == u128::from(n) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(server: &str, no_proxy: &str) -> bool {
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some("proxy.example:3128".to_owned()),
            "no_proxy" => Some(no_proxy.to_owned()),
            _ => None,
        };
        from_environment(&server.parse().unwrap(), variable).is_some()
    }

    #[test]
    fn exemptions_are_read_as_go_reads_them() {
        for (server, no_proxy, expected) in [
            ("https://10.0.0.1:6443", "", true),
            ("https://10.0.0.1:6443", "10.0.0.0/8", false),
            ("https://11.0.0.1:6443", "10.0.0.0/8", true),
            ("https://10.0.0.1:6443", "10.0.0.1", false),
            ("https://api.example.com:6443", ".example.com", false),
            ("https://api.example.com:6443", "example.com", false),
            ("https://example.com:6443", ".example.com", true),
            ("https://badexample.com:6443", "example.com", true),
            ("https://api.example.com:6443", "example.com:443", true),
            ("https://api.example.com:6443", "x, *", false),
            ("https://[fd00::1]:6443", "fd00::/8", false),
            ("https://127.0.0.1:6443", "", false),
            ("http://10.0.0.1:8080", "", false),
        ] {
            assert_eq!(proxied(server, no_proxy), expected, "{server} with NO_PROXY={no_proxy}");
        }
    }
}
