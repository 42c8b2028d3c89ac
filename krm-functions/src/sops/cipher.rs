//! The cipher of single values: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`. Owns that text and AES-GCM with SOPS' nonce of 32 bytes;
//! must not know trees.

use aes::Aes256;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::{U12, U32};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;

use super::number::{go_float, parse_bool, parse_float};
use super::value::Value;

const PREFIX: &str = "ENC[AES256_GCM,data:";
/// Length of the key that encrypts a file's values.
pub(super) const DATA_KEY_LEN: usize = 32;
/// Length of a nonce, which SOPS calls iv.
pub(super) const NONCE_LEN: usize = 32;
const TAG_LEN: usize = 16;

/// The key that encrypts a file's values.
pub(crate) type DataKey = Masked<Vec<u8>>;

/// Why a value cannot be had. Never says anything of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherProblem {
    /// No `ENC[…]`.
    #[error("it is not encrypted, although the rules of the file say that it is")]
    NotEncrypted,
    /// `ENC[…]` with a part that is missing or no base64.
    #[error("its encrypted form is damaged")]
    Malformed,
    /// Key, place or text are not those that it was encrypted with.
    #[error("it was changed or moved since it was encrypted")]
    Corrupted,
    /// A type that SOPS does not have.
    #[error("its type is none that SOPS has")]
    UnknownType,
    /// The decrypted text is no value of its type.
    #[error("it is no {0}, although it says so")]
    NotOfType(&'static str),
    /// The data key has another length.
    #[error("the data key of the file is not one of AES-256")]
    DataKey,
}

/// What was encrypted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    /// A value.
    Value(Value),
    /// A line of comment.
    Comment(Masked<Vec<u8>>),
}

/// Does `text` look like an encrypted value?
pub(super) fn is_encrypted(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Decrypts `text`, which stands at `place`.
///
/// # Errors
/// It is not encrypted, or not with this key for this place.
pub(super) fn open(text: &str, key: &DataKey, place: &str) -> Result<Plain, CipherProblem> {
    let sealed = Sealed::parse(text)?;
    let mut bytes = sealed.data;
    bytes.extend_from_slice(&sealed.tag);
    let payload = Payload { msg: &bytes, aad: place.as_bytes() };
    let key = key.expose();
    let plain = match sealed.iv.len() {
        NONCE_LEN => AesGcm::<Aes256, U32>::new_from_slice(key)
            .map_err(|_| CipherProblem::DataKey)?
            .decrypt(sealed.iv.as_slice().into(), payload),
        12 => AesGcm::<Aes256, U12>::new_from_slice(key)
            .map_err(|_| CipherProblem::DataKey)?
            .decrypt(sealed.iv.as_slice().into(), payload),
        _ => return Err(CipherProblem::Malformed),
    };
    let plain = Masked::new(plain.map_err(|_| CipherProblem::Corrupted)?);
    typed(plain, sealed.kind)
}

/// Encrypts `value` for `place`. Lists, maps and nulls have no encrypted form; an empty text is its own.
pub(super) fn seal(
    value: &Value,
    key: &DataKey,
    place: &str,
    nonce: &[u8; NONCE_LEN],
) -> Result<Option<String>, CipherProblem> {
    let kind = match value {
        Value::Null | Value::List(_) | Value::Map(_) => return Ok(None),
        Value::Text(text) if text.expose().is_empty() => return Ok(None),
        Value::Text(_) => "str",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Bool(_) => "bool",
        Value::Time(_) => "time",
    };
    let plain = mac_bytes(value);
    seal_bytes(plain.expose(), kind, key, place, nonce).map(Some)
}

/// Encrypts a line of comment for `place`; an empty one is its own encrypted form.
pub(super) fn seal_comment(
    text: &str,
    key: &DataKey,
    place: &str,
    nonce: &[u8; NONCE_LEN],
) -> Result<String, CipherProblem> {
    if text.is_empty() { Ok(String::new()) } else { seal_bytes(text.as_bytes(), "comment", key, place, nonce) }
}

fn seal_bytes(
    plain: &[u8],
    kind: &str,
    key: &DataKey,
    place: &str,
    nonce: &[u8; NONCE_LEN],
) -> Result<String, CipherProblem> {
    let cipher = AesGcm::<Aes256, U32>::new_from_slice(key.expose()).map_err(|_| CipherProblem::DataKey)?;
    let payload = Payload { msg: plain, aad: place.as_bytes() };
    let sealed = cipher.encrypt(nonce.as_slice().into(), payload).map_err(|_| CipherProblem::Malformed)?;
    let (data, tag) = sealed.split_at(sealed.len() - TAG_LEN);
    Ok(format!(
        "{PREFIX}{},iv:{},tag:{},type:{kind}]",
        STANDARD.encode(data),
        STANDARD.encode(nonce),
        STANDARD.encode(tag)
    ))
}

/// The bytes of a leaf that are encrypted, and that count for the MAC of its file.
pub(super) fn mac_bytes(value: &Value) -> Masked<Vec<u8>> {
    match value {
        Value::Null | Value::List(_) | Value::Map(_) => Masked::default(),
        Value::Text(text) => text.clone(),
        Value::Int(int) => Masked::new(int.to_string().into_bytes()),
        Value::Float(float) => Masked::new(go_float(*float).into_bytes()),
        Value::Bool(value) => Masked::new(if *value { b"True".to_vec() } else { b"False".to_vec() }),
        Value::Time(time) => Masked::new(time.clone().into_bytes()),
    }
}

struct Sealed<'a> {
    data: Vec<u8>,
    iv: Vec<u8>,
    tag: Vec<u8>,
    kind: &'a str,
}

impl<'a> Sealed<'a> {
    fn parse(text: &'a str) -> Result<Self, CipherProblem> {
        let rest = text.strip_prefix(PREFIX).ok_or(CipherProblem::NotEncrypted)?;
        let (data, rest) = rest.split_once(",iv:").ok_or(CipherProblem::Malformed)?;
        let (iv, rest) = rest.split_once(",tag:").ok_or(CipherProblem::Malformed)?;
        let (tag, rest) = rest.split_once(",type:").ok_or(CipherProblem::Malformed)?;
        let (kind, _) = rest.rsplit_once(']').ok_or(CipherProblem::Malformed)?;
        let decode = |part: &str| STANDARD.decode(part).map_err(|_| CipherProblem::Malformed);
        let tag = decode(tag)?;
        if tag.len() != TAG_LEN {
            return Err(CipherProblem::Malformed);
        }
        Ok(Self { data: decode(data)?, iv: decode(iv)?, tag, kind })
    }
}

fn typed(plain: Masked<Vec<u8>>, kind: &str) -> Result<Plain, CipherProblem> {
    let text = std::str::from_utf8(plain.expose()).ok();
    let value = match kind {
        "str" | "bytes" => Value::Text(plain),
        "comment" => return Ok(Plain::Comment(plain)),
        "int" | "int64" => {
            Value::Int(text.and_then(|text| text.parse().ok()).ok_or(CipherProblem::NotOfType("whole number"))?)
        }
        "float" => Value::Float(text.and_then(parse_float).ok_or(CipherProblem::NotOfType("number"))?),
        "bool" => Value::Bool(text.and_then(parse_bool).ok_or(CipherProblem::NotOfType("boolean"))?),
        "time" => Value::Time(text.and_then(krm::yaml::timestamp_rfc3339).ok_or(CipherProblem::NotOfType("time"))?),
        _ => return Err(CipherProblem::UnknownType),
    };
    Ok(Plain::Value(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKey {
        Masked::new((0..32).collect())
    }

    #[test]
    fn every_type_comes_back() {
        for value in [
            Value::text("hunter2"),
            Value::text(b"\xff\x00".to_vec()),
            Value::Int(-42),
            Value::Float(1e21),
            Value::Float(0.1),
            Value::Bool(true),
            Value::Time("2024-01-02T03:04:05.5+02:00".into()),
        ] {
            let sealed = seal(&value, &key(), "a:b:", &[7; 32]).unwrap().unwrap();
            assert_eq!(open(&sealed, &key(), "a:b:"), Ok(Plain::Value(value.clone())), "{sealed}");
            assert_eq!(open(&sealed, &key(), "a:"), Err(CipherProblem::Corrupted));
            assert_eq!(open(&sealed, &Masked::new(vec![1; 32]), "a:b:"), Err(CipherProblem::Corrupted));
        }
    }

    #[test]
    fn what_is_no_encrypted_value_is_told_apart() {
        let sealed = seal(&Value::text("x"), &key(), "", &[7; 32]).unwrap().unwrap();
        for (text, problem) in [
            ("plain".to_owned(), CipherProblem::NotEncrypted),
            ("ENC[AES256_GCM,data:x".to_owned(), CipherProblem::Malformed),
            (sealed.replace("data:", "data:?"), CipherProblem::Malformed),
            (sealed.replace("type:str", "type:list"), CipherProblem::UnknownType),
            (sealed.replace("type:str", "type:int"), CipherProblem::NotOfType("whole number")),
        ] {
            assert_eq!(open(&text, &key(), ""), Err(problem), "{text}");
        }
        assert_eq!(open(&sealed, &Masked::new(vec![1; 31]), ""), Err(CipherProblem::DataKey));
    }

    #[test]
    fn what_has_no_encrypted_form_has_none() {
        for value in [Value::Null, Value::text(""), Value::List(vec![]), Value::Map(vec![])] {
            assert_eq!(seal(&value, &key(), "", &[7; 32]), Ok(None));
        }
    }
}
