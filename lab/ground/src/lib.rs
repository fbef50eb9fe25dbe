//! The ground that the routers of a lab stand on: network namespaces of one Linux machine, lines between them, and shortest paths.
//!
//! [`Layout`] says what a lab is made of, from its file and nothing else. [`wire`] is what a line with delay, variation and loss
//! does to frames, [`igp`] what shortest paths lead to; both are values too, with time, randomness and the state of lines as
//! arguments. All that touches the machine is in [`space`] (inside a namespace), [`tap`] (the ends of such lines) and [`watch`]
//! (which lines are up); [`Ground`] puts them together and takes them away again. It touches namespaces of its own alone, and
//! changes no address, route or rule of the machine.

// What a lab is made of.
pub mod layout;

// What its lines do, and where its traffic goes.
pub mod wire;

pub mod igp;

// The machine.
pub mod recipe;

pub mod process;
pub mod rights;

pub mod space;

pub mod tap;
pub mod watch;

mod follow;

// The whole.
pub mod record;

pub mod frr;
pub mod lab;

// The same lab elsewhere.
pub mod export;

pub use lab::{Ground, GroundError};
pub use layout::Layout;
