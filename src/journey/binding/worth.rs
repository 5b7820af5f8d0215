//! How often real users do what a journey does, and what one use is worth: what incidents and reports reckon with.

use serde_json::Value as Json;

use super::rules;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::yaml::{Node, Tree};
use crate::model::notice::Demand;

impl Demand {
    /// Reads `400/d` or `20/h`: a number above zero, and one of `s`, `min`, `h` and `d`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_once('/')?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        decimal(number.trim()).filter(|uses| *uses > 0.0).map(|uses| Self { per_second: uses / seconds })
    }
}

impl Shape for Demand {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = node.as_text().and_then(|text| Self::parse(&text.text));
        if read.is_none() {
            reader.report(&rules::BINDING, node.span, "this does not say how often users do it").help =
                Some("write a number and one of `s`, `min`, `h` and `d`, for example `400/d`".to_owned());
        }
        read
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "string", "pattern": r"^\d+(\.\d+)?/(s|min|h|d)$" })
    }
}

/// What one use is worth: an amount and its currency by ISO 4217.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// As written, so that no cent is lost.
    pub amount: String,
    pub currency: String,
}

impl Worth {
    /// Reads `12.50 GBP`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, currency) = text.split_once(' ')?;
        let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        (decimal(amount).is_some() && is_currency)
            .then(|| Self { amount: amount.to_owned(), currency: currency.to_owned() })
    }
}

impl Shape for Worth {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = match &node.tree {
            Tree::Text(text) => Some(text.text.as_str()),
            _ => None,
        };
        let read = text.and_then(Self::parse);
        if read.is_none() {
            reader.report(&rules::BINDING, node.span, "this is not an amount with its currency").help =
                Some("write for example `\"12.50 GBP\"`".to_owned());
        }
        read
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "string", "pattern": r"^\d+(\.\d+)? [A-Z]{3}$" })
    }
}

/// Digits, and perhaps a point and more of them.
fn decimal(text: &str) -> Option<f64> {
    let written = !text.is_empty()
        && text.len() <= 15
        && text.split('.').count() <= 2
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    written.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_do_and_what_it_is_worth() {
        for (text, per_day) in
            [("400/d", Some(400.0)), ("20/h", Some(480.0)), ("0.5/min", Some(720.0)), ("1/s", Some(86_400.0))]
        {
            let read = Demand::parse(text).map(|demand| (demand.per_second * 86_400.0).round());
            assert_eq!(read, per_day, "{text}");
        }
        for text in ["", "400", "400/w", "/d", "-1/d", "0/d", "1e9/d", "4.0.0/d", "x/d"] {
            assert_eq!(Demand::parse(text), None, "{text}");
        }
        let worth = Worth { amount: "12.50".to_owned(), currency: "GBP".to_owned() };
        assert_eq!(Worth::parse("12.50 GBP"), Some(worth));
        for text in ["", "12.50", "GBP", "12.50 gbp", "12.50  GBP", "£12", "-1 GBP", "12. GBP"] {
            assert_eq!(Worth::parse(text), None, "{text}");
        }
    }
}
