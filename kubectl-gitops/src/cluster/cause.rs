//! Looking for what lies behind a verdict: the pods of the object that waits, the warnings about it, the log of what crashed. Owns
//! the requests, a handful per object and only for one that is not healthy; what they mean is `health::cause`'s business.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::client::Cluster;
use super::endpoint::{Endpoint, push_query};
use super::error::ClusterError;
use super::query::{Extent, ListQuery};
use super::transport::Transport;
use crate::health::cause::{self, Cause};
use crate::health::{self, Facts};

/// Lines and bytes of a log that are asked for; fewer are shown.
const LOG_LINES: &str = "20";
const LOG_BYTES: usize = 16 * 1024;
/// How a node answers, with status 200, for a container that is swept away.
const NO_LOG: &str = "unable to retrieve container logs";
/// A pod that sees more Secrets than this shows no log: none of their values may be in it.
const SECRETS_MAX: usize = 16;

impl<T: Transport> Cluster<T> {
    /// Why `object`, which is not healthy, is so: by its pods, else by the warnings about it. `None` where nothing can be read or
    /// nothing there says more than the object itself.
    pub async fn cause(&self, object: &Value, facts: &Facts) -> Option<Cause> {
        if object["kind"] == "Pod" {
            return self.cause_of_pod(object, facts).await;
        }
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str)?;
        if let Some(selector) = cause::pod_selector(object) {
            let (endpoint, mut pods) = (Endpoint::pods(), Vec::new());
            let query = ListQuery::of(&endpoint).within(namespace).labelled(&selector);
            self.list(&query, |pod| pods.push(pod)).await.ok()?;
            let pods = cause::own_pods(pods, object, facts);
            if let Some(suspect) = cause::suspect(&pods) {
                return self.cause_in(suspect).await;
            }
        }
        let text = self.warning_about(object).await?;
        Some(Cause { text, ..Cause::default() })
    }

    async fn cause_of_pod(&self, pod: &Value, facts: &Facts) -> Option<Cause> {
        let trouble = health::trouble(pod, facts);
        let found = self.cause_in(cause::Suspect { pod, trouble: trouble.as_ref() }).await?;
        Some(Cause { pod: String::new(), ..found })
    }

    async fn cause_in(&self, suspect: cause::Suspect<'_>) -> Option<Cause> {
        let cause::Suspect { pod, trouble } = suspect;
        let name = pod.pointer("/metadata/name").and_then(Value::as_str)?.to_owned();
        let Some(trouble) = trouble else {
            // A probe that fails shows in events only.
            let text = self.probe_failure(pod).await.unwrap_or_else(|| cause::unready(pod));
            return Some(Cause { pod: name, text, ..Cause::default() });
        };
        let log = match &trouble.crashed {
            Some(container) => self.last_words(pod, container).await.unwrap_or_default(),
            None => Vec::new(),
        };
        Some(Cause { pod: name, text: trouble.text.clone(), hopeless: trouble.hopeless, log })
    }

    /// The warning about a pod. A probe's answer may quote what the pod knows.
    async fn probe_failure(&self, pod: &Value) -> Option<String> {
        let warning = self.warning_about(pod).await?;
        let secrets = self.secrets_in_sight(pod).await?;
        cause::shown_log(&warning, &secrets).pop()
    }

    async fn warning_about(&self, object: &Value) -> Option<String> {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        let (namespace, uid) = (text("/metadata/namespace")?, text("/metadata/uid")?);
        let (endpoint, mut events) = (Endpoint::events(), Vec::new());
        let fields = format!("involvedObject.uid={uid},type=Warning");
        let query = ListQuery::of(&endpoint).within(namespace).matching(&fields);
        self.list(&query, |event| events.push(event)).await.ok()?;
        cause::warning(&events)
    }

    /// What a container wrote before it ended; nothing where a Secret that the pod sees cannot be read, because its values
    /// could not be taken out.
    async fn last_words(&self, pod: &Value, container: &str) -> Option<Vec<String>> {
        let secrets = self.secrets_in_sight(pod).await?;
        let log = self.log(pod, container).await.ok().filter(|log| !log.starts_with(NO_LOG))?;
        Some(cause::shown_log(&log, &secrets))
    }

    async fn secrets_in_sight(&self, pod: &Value) -> Option<Vec<Vec<u8>>> {
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str)?;
        let names = cause::secrets_of(pod);
        if names.len() > SECRETS_MAX {
            return None;
        }
        let mut values = Vec::new();
        for name in names {
            let secret = match self.get(&Endpoint::secrets(), namespace, &name, Extent::Whole).await {
                Ok(secret) => secret,
                Err(error) if error.code == super::Code::NotFound => continue,
                Err(_) => return None,
            };
            let data = secret.get("data").and_then(Value::as_object).into_iter().flatten();
            values.extend(data.filter_map(|(_, value)| STANDARD.decode(value.as_str()?).ok()));
        }
        Some(values)
    }

    /// While a container waits to be started again, its log is that of the one that ended.
    async fn log(&self, pod: &Value, container: &str) -> Result<String, ClusterError> {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let mut path = format!("{}/log", Endpoint::pods().object(namespace, name));
        push_query(&mut path, "container", container);
        push_query(&mut path, "tailLines", LOG_LINES);
        push_query(&mut path, "limitBytes", &LOG_BYTES.to_string());
        self.text(path, &format!("log of pod {namespace}/{name}"), LOG_BYTES).await
    }
}
