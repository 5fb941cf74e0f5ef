//! Raw and unified records, checkpoints and sync history in embedded SQLite.
