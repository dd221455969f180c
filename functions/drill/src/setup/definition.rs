//! The deployed definition against the one of this version: the same but for the functions' ARNs.

use std::collections::BTreeMap;

use serde_json::Value;

/// Why a deployed definition isn't this version's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It isn't JSON.
    #[error("it is no JSON")]
    NotJson,
    /// Another value stands somewhere.
    #[error("it differs at {0}")]
    At(String),
    /// Two functions stand for one step.
    #[error("it calls two functions for the step {0}")]
    TwoFunctions(String),
}

/// The ARN that a deployed definition calls for each step, by the placeholder's name such as `plan_drill`.
///
/// # Errors
/// [`Difference`] at the first place where it isn't the template's.
pub fn functions(template: &str, deployed: &str) -> Result<BTreeMap<String, String>, Difference> {
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|_| Difference::NotJson);
    let mut found = BTreeMap::new();
    compare(&read(template)?, &read(deployed)?, "", &mut found)?;
    Ok(found)
}

fn compare(
    template: &Value,
    deployed: &Value,
    path: &str,
    found: &mut BTreeMap<String, String>,
) -> Result<(), Difference> {
    let differs = || Difference::At(if path.is_empty() { "its top".to_owned() } else { path.to_owned() });
    match (template, deployed) {
        (Value::Object(template), Value::Object(deployed)) => {
            for (name, inner) in template {
                let place = format!("{path}/{name}");
                let other = deployed.get(name).ok_or_else(|| Difference::At(place.clone()))?;
                compare(inner, other, &place, found)?;
            }
            match deployed.keys().find(|name| !template.contains_key(*name)) {
                Some(name) => Err(Difference::At(format!("{path}/{name}"))),
                None => Ok(()),
            }
        }
        (Value::Array(template), Value::Array(deployed)) if template.len() == deployed.len() => {
            let mut pairs = template.iter().zip(deployed).enumerate();
            pairs.try_for_each(|(i, (a, b))| compare(a, b, &format!("{path}/{i}"), found))
        }
        (Value::String(text), Value::String(arn)) => match placeholder(text) {
            Some(step) => match found.insert(step.to_owned(), arn.clone()) {
                Some(other) if other != *arn => Err(Difference::TwoFunctions(step.to_owned())),
                _ => Ok(()),
            },
            None if text == arn => Ok(()),
            None => Err(differs()),
        },
        (template, deployed) if template == deployed => Ok(()),
        _ => Err(differs()),
    }
}

fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = include_str!("../../../../statemachine/drill.asl.json");

    fn deployed() -> String {
        let mut text = DEFINITION.to_owned();
        while let Some(start) = text.find("${") {
            let end = start + text[start..].find('}').unwrap();
            let arn = format!("arn:{}:7", &text[start + 2..end]);
            text.replace_range(start..=end, &arn);
        }
        text
    }

    #[test]
    fn the_definition_with_arns_in_it_is_the_same_and_tells_them() {
        let found = functions(DEFINITION, &deployed()).unwrap();
        assert_eq!(found["plan_drill"], "arn:plan_drill:7");
        assert_eq!(found.len(), 11);
    }

    #[test]
    fn whatever_else_is_changed_is_named() {
        let other = deployed().replacen("\"PlanDrill\"", "\"PlanDrills\"", 1);
        assert!(matches!(functions(DEFINITION, &other), Err(Difference::At(_))));
        let mut value: Value = serde_json::from_str(&deployed()).unwrap();
        value["States"]["PlanDrill"]["Comment"] = "another".into();
        value["Extra"] = 1.into();
        let said = functions(DEFINITION, &value.to_string()).unwrap_err().to_string();
        assert!(said.contains("PlanDrill") || said.contains("Extra"), "{said}");
        assert_eq!(functions(DEFINITION, "{"), Err(Difference::NotJson));
        assert_eq!(functions(DEFINITION, "[]"), Err(Difference::At("its top".to_owned())));
    }

    #[test]
    fn one_step_is_one_function() {
        let template = r#"["${plan_drill}", "${plan_drill}"]"#;
        let two = functions(template, r#"["one", "two"]"#);
        assert_eq!(two, Err(Difference::TwoFunctions("plan_drill".to_owned())));
    }
}
