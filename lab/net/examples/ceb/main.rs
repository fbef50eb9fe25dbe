//! Writes the network of the CEB case, the same on every machine:
//! `cargo run -p net --example ceb > lab/ceb.clab.yml`.

#[path = "backbone.rs"]
mod backbone;
#[path = "branches.rs"]
mod branches;
#[path = "file.rs"]
mod file;
#[path = "places.rs"]
mod places;

fn main() {
    print!("{}", file::text());
}
