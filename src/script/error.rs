//! Why a call failed, and where.

use std::fmt::{self, Display, Formatter};

use rhai::{Dynamic, EvalAltResult};

use super::Function;
use super::limits::Limits;
use super::meter::Stop;
use super::trail::{Call, Trail};

/// Longer messages are cut: a script can throw anything.
const LONGEST_MESSAGE: usize = 300;
/// Calls beyond the innermost are counted only.
const MOST_FRAMES: usize = 8;

/// Why a call failed: what a script threw, or the limit it ran into, and where. It shows as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CallError {
    /// What went wrong.
    pub message: String,
    /// The functions under way, innermost first; there is at least one.
    pub stack: Vec<Frame>,
    /// How many more there were.
    pub more: usize,
}

/// A function under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its name; none if it is a closure.
    pub function: Option<String>,
    /// The file that defines it.
    pub file: String,
    /// Line and column, both from 1, of what failed in the innermost, and of the call of the next one in the others.
    pub position: Option<(usize, usize)>,
    /// How often it stands here in a row, because it called itself.
    pub times: usize,
}

impl CallError {
    /// The file in which it happened.
    pub fn file(&self) -> &str {
        &self.stack[0].file
    }

    /// Line and column where it happened, both from 1, if that is known.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.stack[0].position
    }

    /// What a failed call says. Where a limit stopped it, no place is known.
    pub(super) fn thrown(error: &EvalAltResult, function: &str, functions: &[Function], limits: &Limits) -> CallError {
        let mut trail = Trail::default();
        let mut inner = error;
        while let EvalAltResult::ErrorInFunctionCall(name, source, cause, called_at) = inner {
            let source = (!source.is_empty()).then(|| source.into());
            trail.calls.push(Call { function: name.into(), source, called_at: *called_at });
            inner = cause;
        }
        trail.position = inner.position();
        CallError::new(message(inner, limits), &trail, function, functions)
    }

    /// An error at the end of a trail of a call of `function`.
    pub(super) fn new(message: String, trail: &Trail, function: &str, functions: &[Function]) -> CallError {
        let mut stack: Vec<Frame> = Vec::new();
        let mut position = trail.position;
        for call in trail.calls.iter().rev() {
            let function = (!call.function.starts_with("anon$")).then(|| call.function.to_string());
            let defined = functions.iter().find(|known| Some(&known.name) == function.as_ref());
            let file = call.source.as_deref().map(str::to_owned).or_else(|| defined.map(|known| known.file.clone()));
            let place = position.line().zip(position.position());
            position = call.called_at;
            match stack.last_mut() {
                Some(last) if last.function == function && function.is_some() => last.times += 1,
                _ => stack.push(Frame {
                    function,
                    file: file.unwrap_or_else(|| "a script".to_owned()),
                    position: place,
                    times: 1,
                }),
            }
        }
        if stack.is_empty() {
            let defined = functions.iter().find(|known| known.name == function);
            let file = defined.map_or("a script", |known| known.file.as_str()).to_owned();
            stack.push(Frame { function: Some(function.to_owned()), file, position: None, times: 1 });
        }
        let more = stack.len().saturating_sub(MOST_FRAMES);
        stack.truncate(MOST_FRAMES);
        CallError { message: one_line(&message), stack, more }
    }
}

impl Display for CallError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (innermost, callers) = self.stack.split_first().expect("there is at least one");
        write!(f, "{} ({}", self.message, innermost.file)?;
        if let Some((line, column)) = innermost.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ", in {innermost}")?;
        for caller in callers {
            write!(f, ", called by {caller}")?;
            let elsewhere = caller.file != innermost.file;
            match caller.position {
                Some((line, column)) if elsewhere => write!(f, " at {}:{line}:{column}", caller.file)?,
                Some((line, column)) => write!(f, " at {line}:{column}")?,
                None => {}
            }
        }
        if self.more > 0 {
            write!(f, ", and {} more", self.more)?;
        }
        f.write_str(")")
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(name) => write!(f, "`{name}`")?,
            None => f.write_str("a closure")?,
        }
        if self.times > 1 {
            write!(f, " {} deep", self.times)?;
        }
        Ok(())
    }
}

/// What went wrong, in plain words.
fn message(error: &EvalAltResult, limits: &Limits) -> String {
    let raise = |key: &str| format!("raise `{key}` under `scripts` in connector.yaml if it should be more");
    match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorTerminated(token, _) => match Stop::of(token) {
            Stop::Operations => {
                format!("took more than {} operations; {}", limits.operations, raise("operations"))
            }
            Stop::Time => format!("took longer than {} ms; {}", limits.time.as_millis(), raise("time")),
            Stop::Memory => format!("held more than {} bytes; {}", limits.memory, raise("memory")),
            Stop::Stack => "called functions too deep, from within too many brackets".to_owned(),
            Stop::Nesting => "nested arrays or maps too deep".to_owned(),
        },
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("called functions more than {} deep; {}", limits.call_depth, raise("call_depth"))
        }
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("string") => {
            format!("made more than {} bytes of text; {}", limits.string, raise("string"))
        }
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("map") => {
            format!("made a map of more than {} entries; {}", limits.map, raise("map"))
        }
        EvalAltResult::ErrorDataTooLarge(..) => {
            format!("made an array of more than {} items; {}", limits.array, raise("array"))
        }
        EvalAltResult::ErrorDataRace(..) => {
            "a closure uses the value that the function around it works on; copy it into another variable first"
                .to_owned()
        }
        other => {
            let mut bare = other.to_string();
            if let Some(at) = bare.rfind(" (line ") {
                bare.truncate(at);
            }
            bare
        }
    }
}

/// What was thrown: a script can throw any value, of any size and depth.
fn thrown(value: &Dynamic) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        return if text.trim().is_empty() { "a script threw an empty text".to_owned() } else { text.to_string() };
    }
    if let Ok(map) = value.as_map_ref() {
        let message = map.get("message").and_then(|message| message.as_immutable_string_ref().ok());
        return message.map_or_else(|| "a script threw a map".to_owned(), |message| message.to_string());
    }
    if value.is_unit() {
        return "a script threw `()`".to_owned();
    }
    if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        return format!("a script threw {value}");
    }
    format!("a script threw a value of the type {}", value.type_name())
}

fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST_MESSAGE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}
