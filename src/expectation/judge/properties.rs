//! Properties of judging: three-valued logic and equality against naive models, and that nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::tests::condition;
use super::{Judge, Verdict};
use crate::expectation::kinds::Kinds;
use crate::model::value::{Kind, Value};

/// A tree of `all`, `any` and `not` over leaves whose verdict for the number 5 is known.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Verdict),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    fn written(&self) -> Json {
        match self {
            Self::Leaf(Verdict::Holds) => json!({ "gt": 4 }),
            Self::Leaf(Verdict::Fails) => json!({ "lt": 4 }),
            Self::Leaf(Verdict::Undefined) => json!({ "starts-with": "a" }),
            Self::All(parts) => json!({ "all": parts.iter().map(Self::written).collect::<Vec<_>>() }),
            Self::Any(parts) => json!({ "any": parts.iter().map(Self::written).collect::<Vec<_>>() }),
            Self::Not(inner) => json!({ "not": inner.written() }),
        }
    }

    /// −1 fails, 0 is undefined, 1 holds: then `not` is the sign, `all` the least and `any` the greatest.
    fn model(&self) -> i8 {
        match self {
            Self::Leaf(verdict) => *verdict as i8 - 1,
            Self::All(parts) => parts.iter().map(Self::model).min().unwrap_or(1),
            Self::Any(parts) => parts.iter().map(Self::model).max().unwrap_or(-1),
            Self::Not(inner) => -inner.model(),
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![Just(Verdict::Holds), Just(Verdict::Fails), Just(Verdict::Undefined)].prop_map(Tree::Leaf);
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Tree::All),
            vec(inner.clone(), 1..4).prop_map(Tree::Any),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

/// Values from a small world, so that equal ones are frequent.
pub(super) fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-2_i64..3).prop_map(Json::from),
        (-2_i32..3).prop_map(|n| Json::from(f64::from(n))),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter_map("finite", |n| n.is_finite().then(|| Json::from(n))),
        "(a|b|5|2026-11-22|2026-11-22T08:00:00Z|800ms|dead|)".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::Array),
            vec(("[ab ]", inner), 0..3).prop_map(|entries| Json::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Equality by the digits of numbers and the sorted members of objects: slow and plain.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(a), Json::Number(b)) => match (a.is_f64(), b.is_f64()) {
            (true, true) => a.as_f64() == b.as_f64(),
            (false, false) => a.to_string() == b.to_string(),
            (true, false) => same(right, left),
            // `{:.0}` prints every digit of a float, so a whole one is compared digit by digit.
            (false, true) => {
                b.as_f64().is_some_and(|float| float.fract() == 0.0 && format!("{:.0}", float + 0.0) == a.to_string())
            }
        },
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            let sorted = |map: &Map<String, Json>| {
                let mut entries: Vec<_> = map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                entries
            };
            let (a, b) = (sorted(a), sorted(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        (a, b) => a == b,
    }
}

/// Conditions of every matcher, nested.
fn any_condition() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        value().prop_map(|literal| json!({ "equals": literal })),
        value().prop_map(|literal| json!({ "like": literal })),
        value().prop_map(|literal| json!({ "contains": literal })),
        ("(lt|lte|gt|gte)", value()).prop_map(|(name, literal)| json!({ name: literal })),
        vec(value(), 1..3).prop_map(|list| json!({ "in": list })),
        "(starts-with|ends-with|matches)".prop_map(|name| json!({ name: "a" })),
        ("(exists|empty)", any::<bool>()).prop_map(|(name, wanted)| json!({ name: wanted })),
        "(integer|string|array|date|uri|email)".prop_map(|word| json!({ "type": word })),
        Just(json!({ "schema": { "type": ["object", "number"], "minimum": 0 } })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            ("(any|all)", vec(inner.clone(), 1..3)).prop_map(|(name, parts)| json!({ name: parts })),
            ("(not|each|some|length)", inner).prop_map(|(name, inner)| json!({ name: inner })),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        value().prop_map(|json| Some(Value::Json(json))),
        any::<u32>().prop_map(|millis| Some(Value::Duration(std::time::Duration::from_millis(u64::from(millis))))),
        any::<u64>().prop_map(|bytes| Some(Value::Size(bytes))),
        vec(any::<u8>(), 0..4).prop_map(|bytes| Some(Value::Bytes(bytes))),
        Just(crate::base::time::Timestamp::parse_rfc3339("2026-11-22T08:00:00Z").map(Value::Time)),
    ]
}

proptest! {
    #[test]
    fn combination_follows_the_order_of_the_three_results(tree in tree()) {
        let judge = Judge::new(condition(&tree.written())).expect("arguments fit");
        prop_assert_eq!(judge.judge(Some(&Value::number(5)), false) as i8 - 1, tree.model());
    }

    #[test]
    fn equality_is_that_of_the_model(left in value(), right in value()) {
        let judge = |json: &Json| Judge::new(condition(&json!({ "equals": json }))).expect("arguments fit");
        let verdict = judge(&right).judge(Some(&Value::Json(left.clone())), false);
        prop_assert_eq!(verdict == Verdict::Holds, same(&left, &right));
        prop_assert_ne!(verdict, Verdict::Undefined);
        prop_assert_eq!(verdict, judge(&left).judge(Some(&Value::Json(right)), false));
        prop_assert_eq!(judge(&left).judge(Some(&Value::Json(left.clone())), false), Verdict::Holds);
        let like = Judge::new(condition(&json!({ "like": left }))).expect("arguments fit");
        prop_assert_eq!(like.judge(Some(&Value::Json(left)), false), Verdict::Holds);
    }

    #[test]
    fn every_value_can_be_explained(written in any_condition(), value in any_value(), several: bool) {
        let Ok(judge) = Judge::new(condition(&written)) else { return Ok(()) };
        let verdict = judge.judge(value.as_ref(), several);
        let explanation = judge.explain(value.as_ref(), several);
        prop_assert!(explanation.got.chars().count() <= 200 && explanation.expected.chars().count() <= 200);
        prop_assert!(!explanation.matcher.is_empty());
        let _ = judge.describe();
        // What holds for a value must fit its kind: the check refuses nothing that can pass.
        if verdict == Verdict::Holds {
            let kinds = match &value {
                Some(value) => Kinds::of([value.kind()]),
                None => Kinds::of([] as [Kind; 0]).or_missing(),
            };
            let vacuous = written.to_string().contains("each") || written.to_string().contains("some");
            prop_assert!(vacuous || judge.fits(kinds).is_ok(), "{:?}", judge.fits(kinds));
            prop_assert!(vacuous || judge.fits(Kinds::ANY).is_ok());
        }
    }
}
