//! Services: those of type LoadBalancer have to have got what was asked for.

use serde_json::Value;

use super::read::text;
use super::{Facts, Health};

pub(super) fn of(object: &Value, facts: &Facts) -> Health {
    if text(object, "/spec/type") != "LoadBalancer" {
        return Health::Current;
    }
    if text(object, "/spec/clusterIP").is_empty() {
        return Health::InProgress("it has no cluster address yet".to_owned());
    }
    let addresses = object.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    if facts.wants_address && addresses.is_none_or(Vec::is_empty) {
        return Health::InProgress("no load balancer has answered yet".to_owned());
    }
    Health::Current
}
