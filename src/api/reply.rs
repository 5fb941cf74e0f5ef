//! What is said when a request was done.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// An answer, with status 200 where nothing else is said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: String,
}

/// Something that was done otherwise than it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    pub message: String,
}

const JSON: &str = "application/json";

#[derive(Serialize)]
struct Envelope<'a, T> {
    status: &'static str,
    data: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<&'a [Warning]>,
}

impl Answer {
    /// `{"status":"success","data":…}`
    pub(crate) fn data(data: &impl Serialize) -> Answer {
        Answer::enveloped(data, None)
    }

    /// The same with `warnings`, as writes and the passthrough have them.
    pub(crate) fn written(data: &impl Serialize, warnings: &[Warning]) -> Answer {
        Answer::enveloped(data, Some(warnings))
    }

    fn enveloped(data: &impl Serialize, warnings: Option<&[Warning]>) -> Answer {
        let envelope = Envelope { status: "success", data, warnings };
        Answer::json(serde_json::to_string(&envelope).expect("what is answered is JSON"))
    }

    /// A page of rows that are JSON already, and the cursor of the next page.
    pub(crate) fn page(rows: impl IntoIterator<Item = impl AsRef<str>>, next: Option<&str>) -> Answer {
        let next = serde_json::to_string(&next).expect("a text is JSON");
        let mut body = format!(r#"{{"status":"success","data":{{"next":{next},"results":["#);
        for (number, row) in rows.into_iter().enumerate() {
            if number > 0 {
                body.push(',');
            }
            body.push_str(row.as_ref());
        }
        body.push_str("]}}");
        Answer::json(body)
    }

    /// A body that is JSON already.
    pub(crate) fn json(body: String) -> Answer {
        Answer { status: StatusCode::OK, content_type: JSON, body }
    }

    /// A body that is none of the contract's.
    pub(crate) fn plain(content_type: &'static str, body: impl Into<String>) -> Answer {
        Answer { status: StatusCode::OK, content_type, body: body.into() }
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(answer: &Answer) -> Value {
        serde_json::from_str(&answer.body).unwrap()
    }

    #[test]
    fn envelopes_are_those_of_the_contract() {
        let data = json!({"a": 1});
        assert_eq!(Answer::data(&data).body, r#"{"status":"success","data":{"a":1}}"#);
        assert_eq!(Answer::written(&data, &[]).body, r#"{"status":"success","data":{"a":1},"warnings":[]}"#);
        let warned = Answer::written(&data, &[Warning { message: "no".into() }]);
        assert_eq!(value(&warned)["warnings"], json!([{"message": "no"}]));
        let empty = Answer::page([] as [&str; 0], None);
        assert_eq!(empty.body, r#"{"status":"success","data":{"next":null,"results":[]}}"#);
        let page = Answer::page(["{\"a\":1}", "2"], Some("a\"b"));
        assert_eq!(value(&page)["data"], json!({"next": "a\"b", "results": [{"a": 1}, 2]}));
    }
}
