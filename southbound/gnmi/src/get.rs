//! Query: the content of one Get, as the serving side reads it and the asking side writes it.

use tonic::Status;

use crate::extension::no_commit;
use crate::path::Path;
use crate::proto::{self, Encoding, get_request::DataType};
use crate::set::invalid;

/// Most paths in one Get or Subscribe.
pub const MAX_PATHS: usize = 1024;

/// The content of one Get.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What to read, from the root. Wildcards are allowed.
    pub paths: Vec<Path>,
    /// Which part of it.
    pub kind: DataType,
    /// How the values are to be written.
    pub encoding: Encoding,
    /// Name of the target in the prefix, to be echoed in the answer; empty when none was given.
    pub target: String,
}

impl Query {
    /// Writes the request.
    pub fn encode(self) -> proto::GetRequest {
        let prefix = proto::Path { target: self.target, ..Default::default() };
        proto::GetRequest {
            prefix: (!prefix.target.is_empty()).then_some(prefix),
            path: self.paths.into_iter().map(Into::into).collect(),
            r#type: self.kind.into(),
            encoding: self.encoding.into(),
            ..Default::default()
        }
    }

    /// Reads a request, with full paths. A request without any path asks for its prefix. The models named in
    /// `use_models` are not looked at: one tree is served.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad path, kind or encoding number, or too many paths; `UNIMPLEMENTED` for an encoding
    /// not among `encodings` (specification 3.3.1) or an extension that is not served.
    pub fn decode(wire: proto::GetRequest, encodings: &[Encoding]) -> Result<Self, Status> {
        no_commit(wire.extension)?;
        let kind =
            DataType::try_from(wire.r#type).map_err(|_| Status::invalid_argument("unknown data type"))?;
        let encoding = known_encoding(wire.encoding, encodings)?;
        let mut prefix = wire.prefix.unwrap_or_default();
        let target = std::mem::take(&mut prefix.target);
        let paths = full_paths(prefix, wire.path)?;
        Ok(Self { paths, kind, encoding, target })
    }
}

/// The encoding of a request, when it is one of `encodings`.
pub(crate) fn known_encoding(number: i32, encodings: &[Encoding]) -> Result<Encoding, Status> {
    let encoding = Encoding::try_from(number).map_err(|_| Status::invalid_argument("unknown encoding"))?;
    if !encodings.contains(&encoding) {
        return Err(Status::unimplemented(format!("encoding {} is not served", encoding.as_str_name())));
    }
    Ok(encoding)
}

fn full_paths(prefix: proto::Path, paths: Vec<proto::Path>) -> Result<Vec<Path>, Status> {
    if paths.len() > MAX_PATHS {
        return Err(Status::invalid_argument(format!("{} paths, the limit is {MAX_PATHS}", paths.len())));
    }
    let prefix = Path::try_from(prefix).map_err(invalid)?;
    if paths.is_empty() {
        return Ok(vec![prefix]);
    }
    paths.into_iter().map(|path| Path::decode_below(&prefix, path).map_err(invalid)).collect()
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn query() -> Query {
        Query {
            paths: vec!["/a/b".parse().expect("a path"), "/c[k=*]".parse().expect("a path")],
            kind: DataType::Config,
            encoding: Encoding::JsonIetf,
            target: "r1".into(),
        }
    }

    #[test]
    fn a_query_survives_the_wire() {
        assert_eq!(Query::decode(query().encode(), &[Encoding::JsonIetf]).expect("our own query"), query());
    }

    #[test]
    fn an_encoding_that_is_not_served_is_unimplemented() {
        let refusal = Query::decode(query().encode(), &[Encoding::Json]).expect_err("not served");
        assert_eq!(refusal.code(), Code::Unimplemented);
        assert!(refusal.message().contains("JSON_IETF"));
    }

    #[test]
    fn a_query_without_paths_asks_for_its_prefix() {
        let wire = proto::GetRequest {
            prefix: Some(proto::Path::from(Path::root().child("a"))),
            ..Default::default()
        };
        let query = Query::decode(wire, &[Encoding::Json]).expect("a prefix");
        assert_eq!(query.paths, [Path::root().child("a")]);
    }

    #[test]
    fn unknown_numbers_and_too_many_paths_are_invalid() {
        let kind = proto::GetRequest { r#type: 9, ..query().encode() };
        let encoding = proto::GetRequest { encoding: 9, ..query().encode() };
        let many = Query { paths: vec![Path::root(); MAX_PATHS + 1], ..query() }.encode();
        for wire in [kind, encoding, many] {
            let refusal = Query::decode(wire, &[Encoding::JsonIetf]).expect_err("invalid");
            assert_eq!(refusal.code(), Code::InvalidArgument);
        }
    }
}
