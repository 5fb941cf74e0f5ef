//! The source's GraphQL schema: the types of paths and the validity of operations.
