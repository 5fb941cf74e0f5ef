//! A local Carerix: identity server, GraphQL and made-up data.
