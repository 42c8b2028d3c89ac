//! What can go wrong with a request, as codes. Owns the mapping from an API server's answer to a code; must not know which
//! object was wanted for what. A code is decided by HTTP status and status reason, never by message text, with one
//! documented exception ([`Code::Invalid`] for the 500 that a mistyped patch gets).

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::transport::{Broken, Response, Verb};

/// Why a request was not answered as hoped. Each code is one decision for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// No answer: connection refused or lost, name not resolved, TLS refused.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// 401: the credentials are missing, wrong or expired, or could not be had.
    Unauthorized,
    /// 403 by RBAC or by an admission policy.
    Forbidden,
    /// 404 for an object of a type that is served.
    NotFound,
    /// 404 for the type itself.
    NotServed,
    /// 409: resourceVersion or uid precondition, or another field manager.
    Conflict,
    /// 409 on creation by POST.
    AlreadyExists,
    /// 400, 413, 422, or a patch that does not fit the schema: the manifest is wrong, repeating is useless.
    Invalid,
    /// 429.
    TooManyRequests,
    /// 403 with the cause NamespaceTerminating: goes away by waiting.
    NamespaceTerminating,
    /// 404 because the object's namespace does not exist.
    NamespaceMissing,
    /// 410: a continue token or a version expired.
    Gone,
    /// 500, 502, 503, 504 and other answers that may be different a moment later.
    Unavailable,
    /// An answer that no API server gives.
    Garbled,
    /// The run's own lock is no longer safe to write under, so the request was not sent.
    LeaseLost,
    /// The run was interrupted, so the request was not sent.
    Interrupted,
}

/// One cause of a refusal, from the status details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable, as `FieldManagerConflict`, `FieldValueInvalid`.
    pub reason: String,
    /// Path of the field, as `.spec.replicas`; empty if the whole object is meant.
    pub field: String,
    /// For people.
    pub message: String,
}

/// A request that was not answered as hoped. Carries no body of ours and no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{verb} {what}: {message}")]
pub struct ClusterError {
    /// What the caller decides by.
    pub code: Code,
    /// The deed that failed.
    pub verb: Verb,
    /// On what, as `deployments.apps shop/web` or a path.
    pub what: String,
    /// The server's words, or ours where there was no answer.
    pub message: String,
    /// Details of the refusal.
    pub causes: Vec<Cause>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The server's wish, from `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl ClusterError {
    /// Without an answer: the connection broke.
    pub fn broken(verb: Verb, what: &str, broken: &Broken) -> Self {
        let code = match broken {
            Broken::TimedOut { .. } => Code::Timeout,
            Broken::Credentials { .. } => Code::Unauthorized,
            Broken::Connect { .. } | Broken::Lost { .. } => Code::Unreachable,
            Broken::TooLarge { .. } => Code::Garbled,
        };
        Self::local(code, verb, what, &broken.to_string())
    }

    /// Found on our side of the wire.
    pub fn local(code: Code, verb: Verb, what: &str, message: &str) -> Self {
        Self {
            code,
            verb,
            what: what.to_owned(),
            message: message.to_owned(),
            causes: Vec::new(),
            status: None,
            retry_after: None,
        }
    }

    /// From an answer that is not a success. `secret` says that the server's words may quote a Secret's content.
    pub fn answered(verb: Verb, what: &str, response: &Response, secret: bool) -> Self {
        let status: Option<Value> = serde_json::from_slice(&response.body).ok().filter(is_status);
        let text = |field: &str| status.as_ref().and_then(|s| s.get(field)).and_then(Value::as_str).unwrap_or_default();
        let causes = status.as_ref().map(read_causes).unwrap_or_default();
        let code = decide(verb, response.status, text("reason"), text("message"), &causes, status.as_ref());
        let mut message = text("message").to_owned();
        if message.is_empty() {
            message = format!("the server answered {}", response.status);
        }
        let mut error = Self {
            code,
            verb,
            what: what.to_owned(),
            message,
            causes,
            status: Some(response.status),
            retry_after: response.retry_after,
        };
        if secret && error.code != Code::Conflict && error.code != Code::NotFound {
            error.mask();
        }
        error
    }

    /// Conflicts with other field managers, none for a conflict of versions.
    pub fn field_conflicts(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict")
    }

    /// Is it a conflict with another field manager (and not one of uid or resourceVersion)?
    pub fn is_field_conflict(&self) -> bool {
        self.code == Code::Conflict && self.field_conflicts().next().is_some()
    }

    /// Did the server refuse to change a field that cannot change? By the causes it gave.
    pub fn is_immutable_field(&self) -> bool {
        // StatefulSets and claims forbid changes of their whole spec, with few exceptions.
        let immutable = |cause: &Cause| {
            cause.message.contains("field is immutable")
                || (cause.reason == "FieldValueForbidden" && cause.field == "spec")
        };
        self.status == Some(422) && self.causes.iter().any(immutable)
    }

    /// Decoding errors quote what they could not decode: keep where, drop what.
    fn mask(&mut self) {
        if matches!(self.code, Code::Invalid | Code::Unavailable | Code::Garbled) {
            let fields: Vec<&str> = self.causes.iter().map(|cause| cause.field.as_str()).collect();
            self.message = if fields.is_empty() {
                format!("the server refused the Secret with status {} (its words are hidden)", self.status.unwrap_or(0))
            } else {
                format!("the server refused the Secret: {}", fields.join(", "))
            };
            for cause in &mut self.causes {
                cause.message = cause.reason.clone();
            }
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "Unreachable",
            Self::Timeout => "Timeout",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::NotServed => "NotServed",
            Self::Conflict => "Conflict",
            Self::AlreadyExists => "AlreadyExists",
            Self::Invalid => "Invalid",
            Self::TooManyRequests => "TooManyRequests",
            Self::NamespaceTerminating => "NamespaceTerminating",
            Self::NamespaceMissing => "NamespaceMissing",
            Self::Gone => "Gone",
            Self::Unavailable => "Unavailable",
            Self::Garbled => "Garbled",
            Self::LeaseLost => "LeaseLost",
            Self::Interrupted => "Interrupted",
        })
    }
}

fn is_status(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_str) == Some("Status")
}

fn read_causes(status: &Value) -> Vec<Cause> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    causes
        .into_iter()
        .flatten()
        .map(|cause| Cause {
            reason: text(cause, "reason"),
            field: text(cause, "field"),
            message: text(cause, "message"),
        })
        .collect()
}

/// The table of answers.
fn decide(verb: Verb, http: u16, reason: &str, message: &str, causes: &[Cause], status: Option<&Value>) -> Code {
    let details_kind = status.and_then(|s| s.pointer("/details/kind")).and_then(Value::as_str);
    match http {
        401 => Code::Unauthorized,
        403 if causes.iter().any(|cause| cause.reason == "NamespaceTerminating") => Code::NamespaceTerminating,
        403 => Code::Forbidden,
        // An unknown path is answered in plain text, an unknown type below a known group with a Status without details.
        404 if reason != "NotFound" || details_kind.is_none() => Code::NotServed,
        // Reading the namespace itself gets the same details as writing into it.
        404 if details_kind == Some("namespaces") && !matches!(verb, Verb::Get | Verb::List | Verb::Delete) => {
            Code::NamespaceMissing
        }
        404 => Code::NotFound,
        405 | 406 | 415 => Code::NotServed,
        408 => Code::Timeout,
        409 if reason == "AlreadyExists" => Code::AlreadyExists,
        409 => Code::Conflict,
        410 => Code::Gone,
        429 => Code::TooManyRequests,
        400..=499 => Code::Invalid,
        // The one answer that only its text tells apart: a patch that does not fit the schema is answered as 500, and
        // repeating it is as useless as repeating a 422.
        500 if message.starts_with("failed to create typed patch object") => Code::Invalid,
        500..=599 => Code::Unavailable,
        _ => Code::Garbled,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &str) -> ClusterError {
        let response = Response { status, body: body.as_bytes().to_vec(), ..Response::default() };
        ClusterError::answered(Verb::Apply, "configmaps a/b", &response, false)
    }

    fn status(reason: &str, details: &Value, message: &str) -> String {
        json!({"kind": "Status", "apiVersion": "v1", "reason": reason, "message": message, "details": details})
            .to_string()
    }

    #[test]
    fn codes_follow_status_and_reason() {
        let none = json!({});
        let object = json!({"name": "b", "kind": "configmaps"});
        let namespace = json!({"name": "a", "kind": "namespaces"});
        let ending =
            json!({"causes": [{"reason": "NamespaceTerminating", "message": "m", "field": "metadata.namespace"}]});
        let typed = "failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .x: field not declared in schema";
        for (http, body, code) in [
            (401, status("Unauthorized", &none, ""), Code::Unauthorized),
            (403, status("Forbidden", &object, ""), Code::Forbidden),
            (403, status("Forbidden", &ending, ""), Code::NamespaceTerminating),
            (404, "404 page not found\n".to_owned(), Code::NotServed),
            (404, status("NotFound", &object, ""), Code::NotFound),
            (404, status("NotFound", &namespace, ""), Code::NamespaceMissing),
            (409, status("Conflict", &object, ""), Code::Conflict),
            (409, status("AlreadyExists", &object, ""), Code::AlreadyExists),
            (410, status("Expired", &none, ""), Code::Gone),
            (422, status("Invalid", &object, ""), Code::Invalid),
            (429, status("TooManyRequests", &none, ""), Code::TooManyRequests),
            (500, status("InternalError", &none, "failed calling webhook"), Code::Unavailable),
            (500, status("", &none, typed), Code::Invalid),
            (503, "upstream".to_owned(), Code::Unavailable),
        ] {
            assert_eq!(answer(http, &body).code, code, "{http} {body}");
        }
    }

    #[test]
    fn a_field_conflict_is_told_from_a_version_conflict() {
        let cause = json!({"causes": [{"reason": "FieldManagerConflict", "field": ".data.x", "message": "conflict with \"k9s\""}]});
        assert!(answer(409, &status("Conflict", &cause, "")).is_field_conflict());
        assert!(!answer(409, &status("Conflict", &json!({}), "")).is_field_conflict());
    }

    #[test]
    fn words_that_may_quote_a_secret_are_hidden() {
        let body = status("BadRequest", &json!({}), "bigger context ...|\"password\":\"hunter2\"|");
        let response = Response { status: 400, body: body.into_bytes(), ..Response::default() };
        let error = ClusterError::answered(Verb::Apply, "secrets a/b", &response, true);
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
