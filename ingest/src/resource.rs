//! Owns the names under which backups and recoveries use the table of types.

pub use engine::schema::{
    Bin, Guarded, IdSource, Inside, Limit, Property, PropertyWrite, Relation as Link, Tier, Type as Resource,
    Version, by_token, types as all,
};
