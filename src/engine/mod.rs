//! The library's face: opens a home folder and ties the modules together.
