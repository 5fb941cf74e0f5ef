//! `crosswalk plan`.

use std::path::Path;

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::error::{CliError, Exit};
use super::terminal::Paint;
use crate::connector::{Connection, Watch, WatchOptions};
use crate::engine::{Against, Engine, EngineError, FieldPreview, ModelPreview, Preview, Remark};

const NOTES: &str = "\
The stored records are mapped with the present files, and compared with what they are
now. Nothing is written, and no source is asked. Give --home a copy of the home folder
and --store the store in use to look at an edit before it is in use.

Examples:
  crosswalk plan sandbox                     what the present files would change
  crosswalk plan --against ../main           compare with what the files of another folder make
  crosswalk plan sandbox --against 4f2a      compare with what an earlier revision makes
  crosswalk plan sandbox --watch             again whenever a file is saved
  crosswalk plan --json --samples 0          for programs, without values of records

Exit codes:
    0  no record becomes other
    2  the files cannot be run with, or wrong usage
   10  something becomes other";

/// The longest value that is shown whole.
const LONGEST: usize = 100;

/// Show what the present files would do to the stored records
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Plan {
    /// The connection; all that have records when none is named
    connection: Option<String>,
    /// A home folder or an earlier revision to compare with, in the place of what is stored
    #[arg(long, value_name = "DIR|REV")]
    against: Option<String>,
    /// Values to show of each field
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    /// Show it again whenever a file is saved, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Print one JSON object a connection
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.reading_engine().await?;
        if let Some(name) = &self.connection {
            context.expect_connection(&engine, name).await?;
        }
        if !self.watch {
            return self.once(context, &engine).await;
        }
        let mut watch = Watch::start(engine.home(), WatchOptions::default()).await.map_err(EngineError::Watch)?;
        loop {
            if let Err(error) = self.once(context, &engine).await {
                let text = error.render(context.terminal.stderr).ok_or(error)?;
                context.terminal.note(&text);
            }
            context.terminal.note("waiting for a file to be saved; Ctrl-C ends");
            tokio::select! {
                changed = watch.changed() => context.terminal.note(&format!("\nsaved: {}", changed.paths.join(", "))),
                Ok(()) = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            }
        }
    }

    async fn once(&self, context: &Context, engine: &Engine) -> Result<Exit, CliError> {
        let mut exit = Exit::Done;
        for connection in self.connections(engine).await? {
            let preview = engine.preview(&connection, &self.against(), self.samples).await?;
            if preview.changes() {
                exit = Exit::Changes;
            }
            let text = if self.json {
                format!("{}\n", serde_json::to_string(&preview).expect("texts and numbers are JSON"))
            } else {
                text(&preview, context.terminal.stdout)
            };
            context.terminal.print(&text)?;
        }
        Ok(exit)
    }

    /// The named connection, or all with a file and records.
    async fn connections(&self, engine: &Engine) -> Result<Vec<Connection>, CliError> {
        let stored = engine.store().connections().await?;
        let names = match &self.connection {
            Some(name) => vec![name.clone()],
            None => engine.home().connections().into_iter().filter(|name| stored.contains(name)).collect(),
        };
        let Some(_) = names.first() else {
            return Err(CliError::usage("no connection of this home has records in the store"));
        };
        names.iter().map(|name| Ok(engine.connection(name)?)).collect()
    }

    fn against(&self) -> Against {
        match &self.against {
            None => Against::Stored,
            Some(folder) if Path::new(folder).is_dir() => Against::Folder(folder.into()),
            Some(revision) => Against::Revision(revision.clone()),
        }
    }
}

fn text(preview: &Preview, paint: Paint) -> String {
    let against = match preview.against.as_str() {
        "stored" => "what is stored".to_owned(),
        other => format!("what {other} makes of the records"),
    };
    let mut text = format!("{}\n", paint.bold(&format!("{}: the present files against {against}", preview.connection)));
    if !preview.changes() {
        text.push_str("  no record becomes other\n");
    }
    for model in &preview.models {
        text.push_str(&of_model(model, paint));
    }
    text
}

fn of_model(model: &ModelPreview, paint: Paint) -> String {
    let name = paint.bold(&model.model);
    if model.removed {
        return format!("\n{name}: mapped no more; its records stay what they are\n");
    }
    let mut text = format!("\n{name}: {} of {} records become other\n", model.changed, model.records);
    let mut line = |said: String| text.push_str(&format!("  {said}\n"));
    if model.other_rows {
        line("the next sync asks for other records".to_owned());
    }
    if model.waiting > 0 {
        let paths = model.new_paths.join(", ");
        line(format!("{} records lack {paths}: they stay what they are until the next sync brings it", model.waiting));
        if !model.unknown_fields.is_empty() {
            line(format!("only then is known what becomes of {}", model.unknown_fields.join(", ")));
        }
    }
    if model.mended_failures > 0 {
        line(format!("{} records can be mapped that could not", model.mended_failures));
    }
    for field in &model.fields {
        text.push_str(&of_field(field, paint));
    }
    let kinds = [
        (&model.new_failures, paint.red("cannot be mapped any more")),
        (&model.new_issues, paint.yellow("does not fit any more")),
        (&model.mended_issues, paint.green("fits now")),
    ];
    for (remarks, what) in kinds {
        for Remark { message, records } in remarks {
            text.push_str(&format!("  {what}, {records} records: {message}\n"));
        }
    }
    text
}

fn of_field(field: &FieldPreview, paint: Paint) -> String {
    let mut text = format!("  {}  {} records\n", paint.cyan(&field.field), field.changed);
    for sample in &field.samples {
        text.push_str(&format!(
            "    {}: {} {} {}\n",
            sample.remote_id,
            shortened(&sample.before),
            paint.bold("→"),
            shortened(&sample.after)
        ));
    }
    text
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
