//! From text to tokens.

use super::CelError;

/// Longer expressions are no conditions on an object.
const BYTES_MAX: usize = 8 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Int(i64),
    Double(f64),
    Sign(&'static str),
}

const SIGNS: [&str; 24] = [
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, CelError> {
    if text.len() > BYTES_MAX {
        return Err(CelError::new(format!("an expression has at most {BYTES_MAX} bytes")));
    }
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(found) };
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let raw = matches!(name, "r" | "R");
            let prefixed = after.starts_with(['"', '\'']) && name.len() <= 2;
            match prefixed {
                true if raw => rest = string(after, true, &mut found)?,
                true => return Err(CelError::new(format!("strings with the prefix `{name}` are not supported"))),
                false => {
                    found.push(Token::Name(name.to_owned()));
                    rest = after;
                }
            }
        } else if first.is_ascii_digit() {
            rest = number(rest, &mut found)?;
        } else if matches!(first, '"' | '\'') {
            rest = string(rest, false, &mut found)?;
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| CelError::new(format!("`{first}` has no meaning in an expression")))?;
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
}

fn number<'t>(text: &'t str, found: &mut Vec<Token>) -> Result<&'t str, CelError> {
    let wrong = |word: &str| CelError::new(format!("`{word}` is no number"));
    if let Some(digits) = text.strip_prefix("0x") {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let value = i64::from_str_radix(&digits[..end], 16).map_err(|_| wrong(&text[..end + 2]))?;
        found.push(Token::Int(value));
        return Ok(&digits[end..]);
    }
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    let mut whole = true;
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        whole = false;
        end += 1 + digits(&text[end + 1..]);
    }
    if text[end..].starts_with(['e', 'E']) {
        whole = false;
        end += 1;
        end += usize::from(text[end..].starts_with(['+', '-']));
        end += digits(&text[end..]);
    }
    let word = &text[..end];
    found.push(if whole {
        Token::Int(word.parse().map_err(|_| wrong(word))?)
    } else {
        Token::Double(word.parse().map_err(|_| wrong(word))?)
    });
    // `1u`: there is one kind of whole numbers here, and they compare as CEL compares them.
    let rest = &text[end..];
    Ok(if whole { rest.strip_prefix(['u', 'U']).unwrap_or(rest) } else { rest })
}

fn string<'t>(text: &'t str, raw: bool, found: &mut Vec<Token>) -> Result<&'t str, CelError> {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote)).unwrap_or("\"");
    let mut value = String::new();
    let mut rest = &text[quote.len()..];
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            found.push(Token::Text(value));
            return Ok(after);
        }
        let mut chars = rest.chars();
        match chars.next() {
            Some('\\') if !raw => value.push(escaped(&mut chars)?),
            Some('\n') if quote.len() == 1 => return Err(CelError::new("a string ends on its line")),
            Some(c) => value.push(c),
            None => return Err(CelError::new("a string does not end")),
        }
        rest = chars.as_str();
    }
}

fn escaped(chars: &mut std::str::Chars<'_>) -> Result<char, CelError> {
    let wrong = || CelError::new("a string holds an escape that does not exist");
    let c = chars.next().ok_or_else(wrong)?;
    let mut code = |length: usize, radix: u32, begin: &str| {
        let digits: String = begin.chars().chain(chars.take(length)).collect();
        let whole = digits.len() == length + begin.len();
        u32::from_str_radix(&digits, radix).ok().filter(|_| whole).and_then(char::from_u32).ok_or_else(wrong)
    };
    match c {
        '\\' | '"' | '\'' | '`' | '?' => Ok(c),
        'n' => Ok('\n'),
        't' => Ok('\t'),
        'r' => Ok('\r'),
        'a' => Ok('\u{7}'),
        'b' => Ok('\u{8}'),
        'f' => Ok('\u{c}'),
        'v' => Ok('\u{b}'),
        'x' | 'X' => code(2, 16, ""),
        'u' => code(4, 16, ""),
        'U' => code(8, 16, ""),
        '0'..='3' => code(2, 8, &c.to_string()),
        _ => Err(wrong()),
    }
}
