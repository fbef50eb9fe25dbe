//! The dashboard inside the binary.

use rust_embed::RustEmbed;
use warp::{
    http::{HeaderValue, header},
    reply::Response,
};

#[derive(RustEmbed)]
#[folder = "../../web-ui/dist"]
struct Dashboard;

/// The file at a path, if the dashboard has it.
pub(crate) fn find(path: &str) -> Option<Response> {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let file = Dashboard::get(name)?;
    // Names under assets/ carry a hash of their content.
    let keep = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let media = HeaderValue::from_str(file.metadata.mimetype())
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let mut response = Response::new(file.data.into_owned().into());
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    Some(response)
}
