//! Forms with files (RFC 7578), for requests that are passed on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::model::Id;

/// A part of a form.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    name: String,
    value: Content,
}

/// What a part holds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    File(File),
}

/// A file.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    name: String,
    #[serde(default)]
    content_type: Option<String>,
    /// In base64.
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    data_url: Option<String>,
}

/// A line that stands between parts and in none of them.
pub(super) fn boundary() -> String {
    let drawn: [u64; 2] = [fastrand::u64(..), fastrand::u64(..)];
    format!("crosswalk-{}", Id::derive("", "boundary", &format!("{drawn:?}")))
}

/// The body of a form. An error is what is wrong with a part.
pub(super) fn multipart(parts: &[Part], boundary: &str) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name)).as_bytes(),
        );
        match &part.value {
            Content::Text(text) => {
                body.extend_from_slice(b"\r\n\r\n");
                body.extend_from_slice(text.as_bytes());
            }
            Content::File(file) => {
                let content = content(file)?;
                let kind = file.content_type.as_deref().unwrap_or("application/octet-stream");
                if !kind.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
                    return Err("`content_type` of a file is no content type".to_owned());
                }
                body.extend_from_slice(
                    format!("; filename=\"{}\"\r\nContent-Type: {kind}\r\n\r\n", quoted(&file.name)).as_bytes(),
                );
                body.extend_from_slice(&content);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(body)
}

fn content(file: &File) -> Result<Vec<u8>, String> {
    match (&file.data, &file.data_url) {
        (Some(data), None) => STANDARD.decode(data.trim()).map_err(|_| "`data` of a file is no base64".to_owned()),
        (None, Some(_)) => {
            Err("a file that is passed on is sent as `data`; `data_url` is not fetched for it".to_owned())
        }
        _ => Err("a file that is passed on has its content as `data`, in base64".to_owned()),
    }
}

/// A text that may stand in quotes, as browsers write it.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(json: &str) -> Result<String, String> {
        let parts: Vec<Part> = serde_json::from_str(json).unwrap();
        multipart(&parts, "B").map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn texts_and_files_stand_between_boundaries() {
        let body = form(
            r#"[{"name": "a", "value": "1"},
                {"name": "f", "value": {"name": "x\"\r\ny.txt", "content_type": "text/plain", "data": "aGk="}}]"#,
        );
        assert_eq!(
            body.unwrap(),
            "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
             --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x%22%0D%0Ay.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhi\r\n--B--\r\n"
        );
    }

    #[test]
    fn what_could_be_another_header_is_refused() {
        let file = |rest: &str| form(&format!(r#"[{{"name": "f", "value": {{"name": "x", {rest}}}}}]"#));
        assert!(file(r#""content_type": "a\r\nX: y", "data": """#).is_err());
        assert!(file(r#""data": "*""#).is_err());
        assert!(file(r#""data_url": "https://example.org""#).unwrap_err().contains("data_url"));
        assert!(file(r#""content_type": "text/plain""#).is_err());
    }
}
