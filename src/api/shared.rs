//! What all requests of a server have in common.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::control::Figures;
use super::limits::{ApiLimits, Gate};
use crate::engine::{Engine, EngineError, Running};

/// The HTTP API over a running engine.
pub struct Api {
    pub(crate) engine: Engine,
    pub(crate) running: Arc<Running>,
    /// Names the store to clients.
    pub(crate) environment: String,
    pub(super) figures: Figures,
    pub(super) gate: Arc<Gate>,
    /// The names of connections by their ids, as far as they were asked for.
    ids: Mutex<HashMap<String, String>>,
    ending: AtomicBool,
}

impl Api {
    /// An API over what an engine runs. `figures` gives those of the process as text.
    pub async fn new(
        engine: Engine,
        running: Arc<Running>,
        figures: Figures,
        limits: ApiLimits,
    ) -> Result<Arc<Api>, EngineError> {
        let environment = engine.environment().await?;
        let gate = Arc::new(Gate::new(limits));
        let (ids, ending) = (Mutex::default(), AtomicBool::new(false));
        Ok(Arc::new(Api { engine, running, environment, figures, gate, ids, ending }))
    }

    pub(super) fn ids(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The figures of the process, as text for Prometheus.
    pub(super) async fn figures(&self) -> String {
        render(&self.running, &self.figures).await
    }

    /// Says from now on that requests are better sent elsewhere. They are answered all the same.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }
}

/// The figures of the process, with those that are taken now.
pub(super) async fn render(running: &Running, figures: &Figures) -> String {
    // What the store cannot say is missing; the rest is worth having.
    if let Err(error) = running.measure().await {
        tracing::warn!(%error, "some figures could not be taken from the store");
    }
    figures()
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("environment", &self.environment).finish_non_exhaustive()
    }
}
