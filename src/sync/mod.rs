//! Reads a connection into the store.
