//! The remote system: tokens, requests, pages.
