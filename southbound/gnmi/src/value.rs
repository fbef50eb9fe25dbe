//! Values: the typed values of gNMI as JSON values of RFC 7951, and back.
//!
//! A number that arrived as a scalar is a JSON number; in JSON_IETF text 64-bit numbers are strings (RFC 7951 6.1).
//! Readers use [`unsigned`], [`signed`] and [`float`], which take either.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use thiserror::Error;

use crate::proto::typed_value::Value as Typed;
use crate::proto::{Encoding, ScalarArray, TypedValue};

/// Why a value cannot be read or written.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ValueError {
    /// The message has no value.
    #[error("no value in the message")]
    Missing,
    /// The text is not JSON.
    #[error("value is not JSON: {0}")]
    NotJson(String),
    /// NaN or infinite, which no YANG type is.
    #[error("value is not a finite number")]
    NotFinite,
    /// A form that is not read here.
    #[error("value comes as {0}, which is not read here")]
    Unreadable(&'static str),
    /// The encoding has no form for this value.
    #[error("encoding {encoding} has no form for {what}")]
    NoForm {
        /// Name of the encoding.
        encoding: &'static str,
        /// What was to be written.
        what: &'static str,
    },
}

/// Reads a value of the wire.
///
/// # Errors
/// The value is missing, not JSON, not finite, or of a form that has no meaning without a schema of its own
/// (`any_val`, `proto_bytes`).
pub fn decode(value: TypedValue) -> Result<Value, ValueError> {
    match value.value.ok_or(ValueError::Missing)? {
        Typed::JsonVal(text) | Typed::JsonIetfVal(text) => {
            // serde_json bounds the depth at 128.
            serde_json::from_slice(&text).map_err(|why| ValueError::NotJson(why.to_string()))
        }
        Typed::LeaflistVal(list) => list.element.into_iter().map(decode_entry).collect(),
        Typed::AnyVal(_) => Err(ValueError::Unreadable("any_val")),
        Typed::ProtoBytes(_) => Err(ValueError::Unreadable("proto_bytes")),
        scalar => decode_scalar(scalar),
    }
}

/// One entry of a leaf-list: scalars only, so that nesting is bounded.
fn decode_entry(value: TypedValue) -> Result<Value, ValueError> {
    match &value.value {
        Some(Typed::LeaflistVal(_)) => Err(ValueError::Unreadable("a leaf-list within a leaf-list")),
        _ => decode(value),
    }
}

#[expect(deprecated, reason = "devices still send float_val and decimal_val")]
fn decode_scalar(scalar: Typed) -> Result<Value, ValueError> {
    let finite =
        |number: f64| serde_json::Number::from_f64(number).map(Value::Number).ok_or(ValueError::NotFinite);
    match scalar {
        Typed::StringVal(text) | Typed::AsciiVal(text) => Ok(Value::String(text)),
        Typed::IntVal(number) => Ok(number.into()),
        Typed::UintVal(number) => Ok(number.into()),
        Typed::BoolVal(truth) => Ok(truth.into()),
        Typed::DoubleVal(number) => finite(number),
        Typed::FloatVal(number) => finite(number.into()),
        // RFC 7951 6.6 and 6.1: binary is base64 text, decimal64 is text.
        Typed::BytesVal(bytes) => Ok(STANDARD.encode(bytes).into()),
        Typed::DecimalVal(decimal) => decimal_text(decimal.digits, decimal.precision).map(Value::String),
        _ => Err(ValueError::Unreadable("no scalar")),
    }
}

fn decimal_text(digits: i64, precision: u32) -> Result<String, ValueError> {
    if precision > 18 {
        return Err(ValueError::Unreadable("decimal64 with more than 18 decimals (RFC 7950 9.3.4)"));
    }
    let sign = if digits < 0 { "-" } else { "" };
    let scale = 10_u64.pow(precision);
    let (whole, part) = (digits.unsigned_abs() / scale, digits.unsigned_abs() % scale);
    if precision == 0 {
        return Ok(format!("{sign}{whole}"));
    }
    Ok(format!("{sign}{whole}.{part:0width$}", width = precision as usize))
}

/// Writes a value for the wire.
///
/// # Errors
/// The encoding cannot carry it: PROTO and ASCII carry leaves and leaf-lists of scalars, BYTES nothing.
pub fn encode(value: &Value, encoding: Encoding) -> Result<TypedValue, ValueError> {
    let typed = match encoding {
        // Writing a JSON value to memory cannot fail: its keys are strings.
        Encoding::Json => Typed::JsonVal(value.to_string().into_bytes()),
        Encoding::JsonIetf => Typed::JsonIetfVal(value.to_string().into_bytes()),
        Encoding::Proto => match value {
            Value::Array(list) => {
                let element = list.iter().map(encode_scalar).collect::<Result<_, _>>()?;
                Typed::LeaflistVal(ScalarArray { element })
            }
            scalar => return encode_scalar(scalar),
        },
        Encoding::Ascii => match value {
            Value::String(text) => Typed::AsciiVal(text.clone()),
            Value::Bool(_) | Value::Number(_) => Typed::AsciiVal(value.to_string()),
            other => return Err(ValueError::NoForm { encoding: "ASCII", what: kind(other) }),
        },
        Encoding::Bytes => return Err(ValueError::NoForm { encoding: "BYTES", what: kind(value) }),
    };
    Ok(TypedValue { value: Some(typed) })
}

fn encode_scalar(value: &Value) -> Result<TypedValue, ValueError> {
    let typed = match value {
        Value::String(text) => Typed::StringVal(text.clone()),
        Value::Bool(truth) => Typed::BoolVal(*truth),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => Typed::UintVal(number),
            (_, Some(number), _) => Typed::IntVal(number),
            (_, _, Some(number)) => Typed::DoubleVal(number),
            _ => return Err(ValueError::NotFinite),
        },
        other => return Err(ValueError::NoForm { encoding: "PROTO", what: kind(other) }),
    };
    Ok(TypedValue { value: Some(typed) })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a container",
    }
}

/// The value as an unsigned number, from a number or a string.
pub fn unsigned(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The value as a signed number, from a number or a string.
pub fn signed(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The value as a finite number with decimals, from a number or a string.
pub fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::proto::Decimal64;

    fn read(typed: Typed) -> Result<Value, ValueError> {
        decode(TypedValue { value: Some(typed) })
    }

    #[test]
    fn trees_travel_as_json_text() {
        let tree = json!({"openconfig-interfaces:config": {"mtu": 9000, "counter": "18446744073709551615"}});
        for encoding in [Encoding::Json, Encoding::JsonIetf] {
            assert_eq!(decode(encode(&tree, encoding).expect("a tree")), Ok(tree.clone()));
        }
    }

    #[test]
    fn scalars_keep_their_type() {
        for (value, typed) in [
            (json!(u64::MAX), Typed::UintVal(u64::MAX)),
            (json!(-3), Typed::IntVal(-3)),
            (json!(0.25), Typed::DoubleVal(0.25)),
            (json!(true), Typed::BoolVal(true)),
            (json!("UP"), Typed::StringVal("UP".into())),
        ] {
            let wire = encode(&value, Encoding::Proto).expect("a scalar");
            assert_eq!(wire.value, Some(typed));
            assert_eq!(decode(wire), Ok(value));
        }
        let list = json!(["a", 1]);
        assert_eq!(decode(encode(&list, Encoding::Proto).expect("a leaf-list")), Ok(list));
    }

    #[test]
    #[expect(deprecated, reason = "devices still send these")]
    fn older_and_binary_scalars_are_read() {
        assert_eq!(read(Typed::FloatVal(0.5)), Ok(json!(0.5)));
        assert_eq!(read(Typed::DecimalVal(Decimal64 { digits: -105, precision: 2 })), Ok(json!("-1.05")));
        assert_eq!(read(Typed::DecimalVal(Decimal64 { digits: 7, precision: 0 })), Ok(json!("7")));
        assert_eq!(
            read(Typed::DecimalVal(Decimal64 { digits: i64::MIN, precision: 18 })),
            Ok(json!("-9.223372036854775808"))
        );
        assert!(read(Typed::DecimalVal(Decimal64 { digits: 1, precision: 19 })).is_err());
        assert_eq!(read(Typed::BytesVal(vec![0, 255])), Ok(json!("AP8=")));
        assert_eq!(read(Typed::AsciiVal("show".into())), Ok(json!("show")));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(decode(TypedValue { value: None }), Err(ValueError::Missing));
        assert_eq!(read(Typed::DoubleVal(f64::NAN)), Err(ValueError::NotFinite));
        assert!(matches!(read(Typed::JsonIetfVal(b"{".to_vec())), Err(ValueError::NotJson(_))));
        assert!(matches!(read(Typed::JsonVal("[".repeat(4000).into_bytes())), Err(ValueError::NotJson(_))));
        assert!(matches!(read(Typed::ProtoBytes(vec![1])), Err(ValueError::Unreadable(_))));
        let inner = TypedValue { value: Some(Typed::LeaflistVal(ScalarArray { element: vec![] })) };
        assert!(read(Typed::LeaflistVal(ScalarArray { element: vec![inner] })).is_err());
        assert!(encode(&json!({}), Encoding::Proto).is_err());
        assert!(encode(&json!(null), Encoding::Proto).is_err());
        assert!(encode(&json!("x"), Encoding::Bytes).is_err());
    }

    #[test]
    fn numbers_are_read_from_numbers_and_strings() {
        assert_eq!(
            (unsigned(&json!(5)), unsigned(&json!("5")), unsigned(&json!(-5))),
            (Some(5), Some(5), None)
        );
        assert_eq!((signed(&json!("-5")), signed(&json!(true))), (Some(-5), None));
        assert_eq!((float(&json!("1.5")), float(&json!("inf"))), (Some(1.5), None));
    }

    proptest! {
        #[test]
        fn every_scalar_survives_every_encoding_that_carries_types(
            value in prop_oneof![
                any::<u64>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                any::<bool>().prop_map(Value::from),
                "\\PC{0,20}".prop_map(Value::from),
            ]
        ) {
            for encoding in [Encoding::Json, Encoding::JsonIetf, Encoding::Proto] {
                prop_assert_eq!(decode(encode(&value, encoding).expect("a scalar")), Ok(value.clone()));
            }
        }
    }
}
