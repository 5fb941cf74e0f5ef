//! Asking a running engine.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::acting::{ActAnswer, ActRequest, ResumeRequest};
use super::answer::ReloadAnswer;
use super::control::{Control, socket_of};
use crate::engine::Status;

/// The address is of no matter: the socket leads to the engine.
const ENGINE: &str = "http://engine";

/// Asks the engine that is at work on a store.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No engine is at work on the store.
    #[error("no `crosswalk run` is at work on the store {}", .0.display())]
    NotRunning(PathBuf),
    /// The engine did not do it.
    #[error("the running engine says: {0}")]
    Refused(String),
    /// The engine is of another version, or it ended meanwhile.
    #[error("the running engine gave no answer of use: {0}")]
    Http(#[from] reqwest::Error),
}

impl Client {
    /// The engine that is at work on the store in this file.
    pub async fn of_store(store: &Path) -> Result<Client, ClientError> {
        let socket = socket_of(store);
        if !Control::is_taken(&socket).await {
            return Err(ClientError::NotRunning(store.to_owned()));
        }
        Ok(Client { http: reqwest::Client::builder().unix_socket(socket).no_proxy().build()? })
    }

    /// Makes it look at its files now, and waits for what that leads to.
    pub async fn reload(&self) -> Result<ReloadAnswer, ClientError> {
        self.ask(self.http.post(format!("{ENGINE}/reload"))).await
    }

    /// What it does at this moment.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.ask(self.http.get(format!("{ENGINE}/status"))).await
    }

    /// Has it do an action, or tell what it would do, and waits for what comes of it.
    pub async fn act(&self, request: &ActRequest) -> Result<ActAnswer, ClientError> {
        self.ask(self.http.post(format!("{ENGINE}/act")).json(request)).await
    }

    /// Has it go on with an action, and waits for what comes of it.
    pub async fn resume(&self, run: &str) -> Result<ActAnswer, ClientError> {
        let request = ResumeRequest { run: run.to_owned() };
        self.ask(self.http.post(format!("{ENGINE}/resume")).json(&request)).await
    }

    /// Its figures, as text for Prometheus.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        Ok(self.http.get(format!("{ENGINE}/metrics")).send().await?.error_for_status()?.text().await?)
    }

    async fn ask<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ClientError> {
        let response = request.send().await?;
        if !response.status().is_success() {
            return Err(ClientError::Refused(response.text().await?));
        }
        Ok(response.json().await?)
    }
}
