//! Events on their way to those who asked for them. Each goes by itself, so nothing keeps their order.

use super::super::data::{Change, World};
use super::super::faults::{Call, Endpoint, Fault};
use super::super::server::Shared;
use super::api::event_id;
use super::events::event_type;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use reqwest::{Client, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long a receiver has to answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How often a delivery is tried. That there are attempts is documented, how many is not (F).
const ATTEMPTS: u32 = 6;

/// One event for one hook.
struct Delivery {
    webhook: String,
    event: String,
    body: String,
}

/// Sends the events of changes to the hooks that want them; `world` is as it was left by them.
pub(in crate::sandbox) fn announce(shared: &Arc<Shared>, world: &World, changes: &[Change]) {
    let registry = shared.hooks.registry();
    if registry.webhooks.is_empty() {
        return;
    }
    for change in changes {
        let Some(event) = event_type(world, change) else { continue };
        for (id, webhook) in registry.webhooks.iter().filter(|(_, webhook)| webhook.enabled) {
            if !webhook.filters.iter().any(|filter| filter.wants(world, &event, change)) {
                continue;
            }
            let fields: Vec<String> = change.fields.iter().map(|field| field.to_lowercase()).collect();
            let body = json!({
                "id": event_id(),
                "time": DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&Timestamp::now()),
                "type": event,
                "applicationId": webhook.application,
                "webhookId": id,
                "tenant": shared.options.realm,
                "data": {"entityId": change.id, "changedFields": fields},
            });
            let delivery = Delivery { webhook: id.clone(), event: event.clone(), body: body.to_string() };
            shared.runtime.spawn(deliver(Arc::clone(shared), delivery));
        }
    }
}

/// Tries until it arrives, with pauses that double.
async fn deliver(shared: Arc<Shared>, delivery: Delivery) {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            shared.wait(shared.options.webhook_pause * 2_u32.pow(attempt - 1)).await;
        }
        let is_enabled = shared.hooks.registry().webhooks.get(&delivery.webhook).is_some_and(|webhook| webhook.enabled);
        if *shared.closing.borrow() || !is_enabled {
            return;
        }
        let fired = shared.faults.fire(Endpoint::Webhook, &Call::of_event(&delivery.event));
        shared.begin_faults(&fired).await;
        let has = |fault: &Fault| fired.iter().any(|fired| fired.fault == *fault);
        if has(&Fault::Lose) {
            shared.counters.delivery("lost");
            return;
        }
        if has(&Fault::Duplicate) {
            send(&shared, &delivery, has(&Fault::BadSignature)).await;
        }
        let arrived = send(&shared, &delivery, has(&Fault::BadSignature)).await;
        shared.hooks.remember(&delivery.webhook, arrived);
        shared.counters.delivery(if arrived { "arrived" } else { "failed" });
        if arrived {
            return;
        }
    }
    shared.counters.delivery("given_up");
}

/// Whether the receiver took it.
async fn send(shared: &Arc<Shared>, delivery: &Delivery, spoil: bool) -> bool {
    let webhook = shared.hooks.registry().webhooks.get(&delivery.webhook).cloned();
    let Some(webhook) = webhook else { return false };
    let (signer, signed) = (Arc::clone(shared), delivery.body.clone());
    let signature = tokio::task::spawn_blocking(move || {
        // A signature of something else has the right form, and fits nothing.
        signer.hooks.key().sign(if spoil { b"something else" } else { signed.as_bytes() })
    });
    let Ok(signature) = signature.await else { return false };
    let client = shared.hooks.client.get_or_init(|| {
        Client::builder()
            .timeout(TIME_LIMIT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default()
    });
    let mut request = client.post(webhook.url).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    let sent = request.header("Cx-Signature", signature).body(delivery.body.clone()).send().await;
    let taken = [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT];
    sent.is_ok_and(|response| taken.contains(&response.status()))
}
