//! A file on a web server: which texts name one, and the URL to ask for, in the form in which it can be sent.

use std::fmt::Write as _;

use super::query::hex;

/// It looks like an URL and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a valid http or https URL")]
pub struct InvalidUrl;

/// Does the text name a file on a web server (which may also turn out to be a repository)?
pub fn is_remote_file(text: &str) -> bool {
    scheme(text).is_some() && well_formed(text)
}

/// The URL to ask the server for: without fragment, what may not stand in a path escaped.
///
/// # Errors
/// It has no host, or is otherwise nothing that can be asked for.
pub(in crate::load) fn file_url(text: &str) -> Result<String, InvalidUrl> {
    let (scheme, rest) = scheme(text).filter(|_| well_formed(text)).ok_or(InvalidUrl)?;
    let rest = rest.strip_prefix("//").ok_or(InvalidUrl)?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() || host.starts_with(':') {
        return Err(InvalidUrl);
    }
    let mut url = format!("{scheme}://{authority}");
    escape(path, &mut url);
    if let Some(query) = query {
        url.push('?');
        escape(query, &mut url);
    }
    Ok(url)
}

/// `http` or `https` and what follows the colon.
fn scheme(text: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known)).map(|known| (known, rest))
}

/// What Go's parser takes: no control characters, whole escapes, a plain host, a port of digits.
fn well_formed(text: &str) -> bool {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return false;
    }
    let Some((_, rest)) = scheme(text) else { return false };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let Some(rest) = rest.strip_prefix("//") else { return escapes_are_whole(fragment) && escapes_are_whole(rest) };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user_fits = user.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b));
    user_fits && escapes_are_whole(user) && host_fits(host) && escapes_are_whole(path) && escapes_are_whole(fragment)
}

fn host_fits(host: &str) -> bool {
    let (name, port) = if let Some(inner) = host.strip_prefix('[') {
        let Some((name, port)) = inner.rsplit_once(']') else { return false };
        (name, port)
    } else {
        host.rfind(':').map_or((host, ""), |at| host.split_at(at))
    };
    let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let plain = |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&b);
    port_fits && name.bytes().all(plain)
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(|d| hex(*d).is_some()));
    bytes.iter().enumerate().filter(|(_, b)| **b == b'%').all(|(at, _)| whole(at))
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%?[]".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
}
