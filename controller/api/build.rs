//! Makes sure that there is a dashboard to embed: the one that `make web-ui` built, or a page that says how to build it.

use std::{fs, path::Path};

const PAGE: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Trunkline</title></head>
<body><h1>The dashboard was not built</h1>
<p>Run <code>make web-ui</code>, then build the program again. The API under <code>/api/v1</code> works without it.</p>
</body></html>
";

fn main() -> std::io::Result<()> {
    let dist = Path::new("../../web-ui/dist");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", dist.display());
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(dist)?;
        fs::write(index, PAGE)?;
    }
    Ok(())
}
