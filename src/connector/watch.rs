//! SHIM
#![allow(missing_docs)]
use super::Home;
#[derive(Debug, Clone, Default)]
pub struct WatchOptions {
    pub force_polling: bool,
}
#[derive(Debug)]
pub struct Watch;
#[derive(Debug)]
pub struct Changed {
    pub paths: Vec<String>,
}
impl Watch {
    pub fn start(_: &Home, _: WatchOptions) -> Watch {
        Watch
    }
    pub async fn changed(&mut self) -> Changed {
        std::future::pending().await
    }
    pub fn manner(&self) -> String {
        String::new()
    }
}
