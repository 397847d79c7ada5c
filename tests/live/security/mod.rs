//! Nobody gets more than they were given: what roles without privileges plant, nobody else runs.

mod facts;
mod hooks;
mod limits;
mod planning;
mod trap;
