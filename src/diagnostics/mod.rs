//! A problem with file, line, column, excerpt, caret and hint; many at once.
