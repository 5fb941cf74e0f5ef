//! Whether a key works.

use serde_json::json;

use crate::api::call::Call;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Key;

/// Names the store that the key opens.
pub(in crate::api) async fn check_api_key(call: Call, _: Key) -> Result<Answer, Failure> {
    Ok(Answer::data(&json!({"environment_id": call.api.environment, "customer_id": null})))
}
