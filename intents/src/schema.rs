//! The JSON Schema of intent files, from the types that read them, so that editors complete and explain every field.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    doc::{
        AlarmSpec, ClassSpec, DesignSpec, InstanceSpec, Metadata, ProfileSpec, ServiceSpec, SteeringSpec,
        WindowSpec,
    },
    parse::API_VERSION,
};

/// The schema of one document of an intent file (draft 2020-12).
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut kinds = Vec::new();
    let metadata = generator.subschema_for::<Metadata>().to_value();
    let mut add = |kind: &str, spec: Value| {
        kinds.push(json!({
            "title": kind,
            "type": "object",
            "description": spec_description(kind),
            "properties": {
                "apiVersion": {"const": API_VERSION, "description": "The version of this language."},
                "kind": {"const": kind, "description": "What the document is."},
                "metadata": metadata.clone(),
                "spec": spec,
            },
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "additionalProperties": false,
        }));
    };
    add("ServiceIntent", of::<ServiceSpec>(&mut generator));
    add("TrafficClass", of::<ClassSpec>(&mut generator));
    add("QosProfile", of::<ProfileSpec>(&mut generator));
    add("AlarmPolicy", of::<AlarmSpec>(&mut generator));
    add("SteeringPolicy", of::<SteeringSpec>(&mut generator));
    add("MaintenanceWindow", of::<WindowSpec>(&mut generator));
    add("Design", of::<DesignSpec>(&mut generator));
    add("DesignInstance", of::<InstanceSpec>(&mut generator));
    let definitions: Map<String, Value> = generator.take_definitions(true).into_iter().collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Trunkline intents",
        "description": "One document of an intent file.",
        "oneOf": kinds,
        "$defs": definitions,
    });
    without_null(&mut schema);
    schema
}

fn of<T: JsonSchema>(generator: &mut schemars::SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

const fn spec_description(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"ServiceIntent" => "A promise of connectivity between nodes.",
        b"TrafficClass" => "A class of traffic and what it is worth.",
        b"QosProfile" => "The queues that every interface has.",
        b"SteeringPolicy" => "Path and assurance for the services that it selects.",
        b"MaintenanceWindow" => "Time for work on parts of the network, which are drained for as long.",
        b"Design" => "A standard design: documents with parameters.",
        b"DesignInstance" => "One use of a design.",
        _ => "What raises an alarm.",
    }
}

/// An absent field is left out, never written as null: the parser says so, and the schema agrees.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice != &json!({"type": "null"}));
                if choices.len() == 1
                    && let Some(Value::Object(only)) = choices.pop()
                {
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_schema_in_the_folder_is_the_one_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/intent.schema.json");
        let fresh = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &fresh).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == fresh, "{} is not fresh: run the test with UPDATE=1", path.display());
    }

    #[test]
    fn schema_and_parser_agree_on_what_must_be_there() {
        macro_rules! agree {
            ($($name:ident)*) => {$({
                let schema = schemars::schema_for!(crate::doc::$name).to_value();
                let required: std::collections::BTreeSet<&str> =
                    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                assert_eq!(required, crate::doc::$name::required(), stringify!($name));
            })*};
        }
        agree!(Metadata ServiceSpec P2p HubSpoke Mesh By MatchSpec SloSpec SleSpec LinksWith PathSpec BreachSpec);
        agree!(AssuranceSpec ClassSpec QueueSpec ProfileSpec WatchSpec WhenSpec ClearSpec AlarmSpec);
        agree!(WindowSpec WorkSpec LinksBy OnceSpec WeeklySpec DesignSpec ParameterSpec InstanceSpec);
        agree!(SteeringSpec ChosenSpec);
    }

    #[test]
    fn an_editor_refuses_what_check_refuses_where_a_schema_can_say_it() {
        let schema = schema();
        let of =
            |name: &str, field: &str, word: &str| schema["$defs"][name]["properties"][field][word].clone();
        assert_eq!(
            (of("P2p", "endpoints", "minItems"), of("P2p", "endpoints", "maxItems")),
            (json!(2), json!(2))
        );
        assert_eq!(
            (of("BreachSpec", "any", "minItems"), of("WhenSpec", "all", "minItems")),
            (json!(1), json!(1))
        );
        assert!(schema["$defs"]["TimeOfDay"]["pattern"].is_string(), "24:00 is no time of day");
    }

    #[test]
    fn every_field_is_described() {
        fn walk(path: &str, value: &Value, bare: &mut Vec<String>) {
            if let Some(Value::Object(fields)) = value.get("properties") {
                for (name, field) in fields {
                    if field.get("description").is_none() && field.get("$ref").is_none() {
                        bare.push(format!("{path}.{name}"));
                    }
                }
            }
            match value {
                Value::Object(object) => {
                    object.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, bare))
                }
                Value::Array(items) => items.iter().for_each(|item| walk(path, item, bare)),
                _ => {}
            }
        }
        let mut bare = Vec::new();
        walk("", &schema(), &mut bare);
        assert!(bare.is_empty(), "fields without a description: {bare:?}");
    }
}
