//! The files of an action. In the environment, and so in the journal and on the screen, stands a handle in the place of a
//! content; the content is put in when the body of a request is written.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::ActionError;
use super::input::walk;
use crate::fetch::{Bounds, Fetcher, File, Said};
use crate::mapping::action::FetchFile;
use crate::model::{Action, Id, Kind};

/// The files of one run.
pub(super) struct Files {
    fetcher: Fetcher,
    run: String,
    /// Contents of the input, by the handles that stand there now.
    contents: HashMap<String, String>,
    /// What is known of each file that a step wanted, by its handle.
    wanted: HashMap<String, Wanted>,
}

/// A file that a step wanted.
struct Wanted {
    /// The object that says what it is.
    said: Value,
    bounds: Bounds,
    /// Where that object stands in the input.
    pointer: String,
    /// The file, unless it was wanted before the process began.
    file: Option<File>,
}

impl Files {
    pub fn new(fetcher: Fetcher, run: &str) -> Files {
        Files { fetcher, run: run.to_owned(), contents: HashMap::new(), wanted: HashMap::new() }
    }

    /// Takes contents out of an input, and leaves handles in their place.
    pub fn take_out(&mut self, action: &'static Action, input: &mut Value) {
        let mut places = Vec::new();
        walk(input, action.fields, "", &mut |kind, _, pointer| {
            if matches!(kind, Kind::Base64) {
                places.push(pointer.to_owned());
            }
        });
        for pointer in places {
            let handle = self.handle("content", &pointer);
            if let Some(place) = input.pointer_mut(&pointer)
                && let Value::String(content) = std::mem::replace(place, Value::String(handle.clone()))
            {
                self.contents.insert(handle, content);
            }
        }
    }

    /// Fetches a file, and gives what is bound to the name of its step.
    pub async fn fetch(
        &mut self,
        step: &FetchFile,
        path: &str,
        said: Value,
        pointer: String,
    ) -> Result<Value, ActionError> {
        let usual = Bounds::default();
        let bounds =
            Bounds { max_size: step.max_size().unwrap_or(usual.max_size), types: step.types().to_vec(), ..usual };
        let file = self.get(&said, &bounds, &pointer).await?;
        let handle = self.handle("file", path);
        let bound = json!({"name": file.name, "content_type": file.content_type, "size": file.size, "content": handle});
        self.wanted.insert(handle, Wanted { said, bounds, pointer, file: Some(file) });
        Ok(bound)
    }

    /// Says of a file that was fetched before the process began where it is to be found, should it still be needed.
    pub fn remember(&mut self, step: &FetchFile, path: &str, said: Value, pointer: String) {
        let usual = Bounds::default();
        let bounds =
            Bounds { max_size: step.max_size().unwrap_or(usual.max_size), types: step.types().to_vec(), ..usual };
        self.wanted.insert(self.handle("file", path), Wanted { said, bounds, pointer, file: None });
    }

    /// The variables of a request with contents in the place of their handles.
    pub async fn filled(&mut self, variables: String) -> Result<String, ActionError> {
        let handles: Vec<String> = self.wanted.keys().filter(|handle| variables.contains(*handle)).cloned().collect();
        let mut filled = variables;
        for handle in handles {
            let Some(mut wanted) = self.wanted.remove(&handle) else { continue };
            let file = match wanted.file.take() {
                Some(file) => file,
                None => self.get(&wanted.said, &wanted.bounds, &wanted.pointer).await?,
            };
            let content = file.base64().await.map_err(|error| ActionError::of_file(&error.into(), &wanted.pointer))?;
            filled = filled.replace(&handle, &content);
            self.wanted.insert(handle, Wanted { file: Some(file), ..wanted });
        }
        Ok(filled)
    }

    /// The variables of a request as they may be shown.
    pub fn shown(&self, variables: &str) -> String {
        let mut shown = variables.to_owned();
        for (handle, wanted) in &self.wanted {
            let size = wanted.file.as_ref().map_or(0, |file| file.size);
            shown = shown.replace(handle, &format!("<{size} bytes in Base64>"));
        }
        shown
    }

    async fn get(&self, said: &Value, bounds: &Bounds, pointer: &str) -> Result<File, ActionError> {
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let about = Said { name: text("name"), content_type: text("content_type") };
        let (fetched, member) = match (text("data").and_then(|handle| self.contents.get(handle)), text("data_url")) {
            (Some(content), _) => (self.fetcher.decode(content, about, bounds).await, "data"),
            (None, Some(url)) => (self.fetcher.fetch(url, about, bounds).await, "data_url"),
            (None, None) => {
                let what =
                    super::InputProblem { pointer: pointer.to_owned(), message: "the file has no content".into() };
                return Err(ActionError::of_input(vec![what]));
            }
        };
        fetched.map_err(|error| ActionError::of_file(&error, &format!("{pointer}/{member}")))
    }

    /// A text that nobody can guess, the same each time for the same run and place.
    fn handle(&self, what: &str, place: &str) -> String {
        format!("file-{}", Id::derive(&self.run, what, place))
    }
}
