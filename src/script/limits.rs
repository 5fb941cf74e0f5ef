//! How much a call of a function may use.

use std::time::Duration;

/// What one call of a function may use. `connector.yaml` sets it under `scripts`, up to [`Limits::CEILING`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Steps of evaluation: each statement and each part of an expression is one.
    pub operations: u64,
    /// Functions that have called each other and not returned.
    pub call_depth: usize,
    /// Bytes of one text, and of all texts in one array or map together.
    pub string: usize,
    /// Items of one array, those of arrays in it included.
    pub array: usize,
    /// Entries of one map, those of maps in it included.
    pub map: usize,
    /// Bytes that all variables hold at a time.
    pub memory: usize,
    /// Time on the clock.
    pub time: Duration,
}

impl Limits {
    /// The most that a connector can allow.
    pub const CEILING: Limits = Limits {
        operations: 10_000_000,
        call_depth: 64,
        string: 16 << 20,
        array: 200_000,
        map: 100_000,
        memory: 256 << 20,
        time: Duration::from_secs(5),
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            operations: 500_000,
            call_depth: 32,
            // Rhai counts an array of texts by the sum of their lengths, so this stays well above one long text.
            string: 4 << 20,
            array: 20_000,
            map: 10_000,
            memory: 64 << 20,
            time: Duration::from_millis(300),
        }
    }
}
