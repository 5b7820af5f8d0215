//! A parsed HTML document with the measures that tell what searching it may cost.

use scraper::Html;

use super::nesting::is_affordable;

/// Levels of elements; browsers stop there, too, and some matchers of CSS call themselves for each level.
const DEPTH_MAX: usize = 512;

pub struct Page {
    pub html: Html,
    pub measures: Measures,
}

/// Sums over all elements of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    pub elements: u64,
    /// Ancestors of every element.
    pub ancestors: u64,
    /// Ancestors of every element, with the siblings before each of them and before itself.
    pub reach: u64,
    /// The largest share of one element in `reach`.
    pub reach_max: u64,
    pub depth_max: u64,
}

impl Page {
    /// Parsing never fails, but may cost more than the size of a document justifies.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !is_affordable(text) {
            return Err("the HTML of the body leaves too many elements open to be parsed".to_owned());
        }
        let html = Html::parse_document(text);
        let measures =
            measure(&html).ok_or_else(|| format!("the HTML of the body is deeper than {DEPTH_MAX} levels"))?;
        Ok(Self { html, measures })
    }
}

/// None if it is too deep.
fn measure(html: &Html) -> Option<Measures> {
    let mut sums = Measures::default();
    // One entry a level: the elements before this one on its level, and its reach.
    let mut levels: Vec<(u64, u64)> = vec![(0, 0)];
    let mut node = html.tree.root();
    loop {
        if node.value().is_element() {
            let above = levels.iter().rev().nth(1).map_or(0, |(_, reach)| *reach);
            let depth = levels.len() as u64 - 1;
            if let Some((before, reach)) = levels.last_mut() {
                *reach = above + 1 + *before;
                *before += 1;
                sums.reach += *reach;
                sums.reach_max = sums.reach_max.max(*reach);
            }
            sums.elements += 1;
            sums.ancestors += depth;
            sums.depth_max = sums.depth_max.max(depth);
        }
        if let Some(child) = node.first_child() {
            if levels.len() > DEPTH_MAX {
                return None;
            }
            levels.push((0, 0));
            node = child;
            continue;
        }
        loop {
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => {
                    levels.pop();
                    node = parent;
                }
                None => return Some(sums),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_sums_over_elements() {
        // html 1, head 2, body 3 (1 + its sibling + html), i 4 5 6 from body on.
        let page = Page::parse("<i></i>text<i></i><i></i>").expect("affordable");
        let expected =
            Measures { elements: 6, ancestors: 14, reach: 1 + 2 + 3 + 4 + 5 + 6, reach_max: 6, depth_max: 3 };
        assert_eq!(page.measures, expected);
        assert!(Page::parse(&"<div>".repeat(500)).is_ok());
        assert!(Page::parse(&"<div>".repeat(600)).is_err_and(|error| error.contains("512 levels")));
    }
}
