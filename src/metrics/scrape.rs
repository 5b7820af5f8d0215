//! What a scraper asks for: format by `Accept`, gzip by `Accept-Encoding`, and which part by the query.

use std::fmt;

use url::form_urlencoded;

use super::catalogue::Group;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format 0.0.4, which people can read in a terminal.
    Text,
    /// `OpenMetrics` 1.0.0, with exemplars.
    OpenMetrics,
}

/// One scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrapeRequest {
    pub format: Format,
    pub gzip: bool,
    pub collect: Collect,
    pub shard: Option<Shard>,
}

/// Which groups are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collect {
    pub journeys: bool,
    pub steps: bool,
    pub own: bool,
}

/// One of `count` parts of the run entries; the daemon's own series and those of certificates are in the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u32,
    pub count: u32,
}

/// Most parts a set may be scraped in.
pub const SHARDS_MAX: u32 = 1_000;

/// The query asks for something that does not exist; answered with 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadQuery {
    Collect(String),
    Shard(String),
}

impl Format {
    /// The value of `Content-Type`: Prometheus 3 refuses a scrape whose type it does not know to the letter.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format with the higher quality in an `Accept` header. `OpenMetrics` has to be named; everything else,
    /// no header and a header that accepts neither included, gets what people can read.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        let ranges: Vec<Range> = accept.unwrap_or_default().split(',').map(Range::parse).collect();
        let open = quality(&ranges, |range| {
            range.is("application/openmetrics-text") && range.version.is_none_or(|version| version == "1.0.0")
        });
        let plain =
            quality(&ranges, |range| range.is("text/plain") && range.version.is_none_or(|version| version == "0.0.4"));
        let text = plain.or_else(|| quality(&ranges, |range| range.is("text/*")));
        let text = text.or_else(|| quality(&ranges, |range| range.is("*/*"))).unwrap_or_default();
        match open {
            Some(open) if open > 0 && open >= text => Self::OpenMetrics,
            _ => Self::Text,
        }
    }
}

impl Default for ScrapeRequest {
    /// Everything, as text.
    fn default() -> Self {
        Self { format: Format::Text, gzip: false, collect: Collect::ALL, shard: None }
    }
}

impl ScrapeRequest {
    /// From the headers `Accept` and `Accept-Encoding` and the query of the URL; keys of the query that mean nothing
    /// here are let pass.
    pub fn from_http(
        accept: Option<&str>,
        accept_encoding: Option<&str>,
        query: Option<&str>,
    ) -> Result<Self, BadQuery> {
        let mut request =
            Self { format: Format::negotiate(accept), gzip: takes_gzip(accept_encoding), ..Self::default() };
        let mut collect = Collect { journeys: false, steps: false, own: false };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match (&*key, &*value) {
                ("collect[]", "journeys") => collect.journeys = true,
                ("collect[]", "steps") => collect.steps = true,
                ("collect[]", "self") => collect.own = true,
                ("collect[]", other) => return Err(BadQuery::Collect(other.to_owned())),
                ("shard", text) => {
                    request.shard = Some(Shard::parse(text).ok_or_else(|| BadQuery::Shard(text.to_owned()))?);
                }
                _ => {}
            }
        }
        if collect.journeys || collect.steps || collect.own {
            request.collect = collect;
        }
        Ok(request)
    }

    /// The value of `Content-Encoding`, if there is one. The answer varies by both request headers.
    #[must_use]
    pub fn content_encoding(&self) -> Option<&'static str> {
        self.gzip.then_some("gzip")
    }
}

impl Collect {
    pub const ALL: Self = Self { journeys: true, steps: true, own: true };

    #[must_use]
    pub fn includes(self, group: Group) -> bool {
        match group {
            Group::Journeys => self.journeys,
            Group::Steps => self.steps,
            Group::Own => self.own,
        }
    }
}

impl Shard {
    /// `2/5`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, count) = text.split_once('/')?;
        let shard = Self { number: number.parse().ok()?, count: count.parse().ok()? };
        (shard.number >= 1 && shard.number <= shard.count && shard.count <= SHARDS_MAX).then_some(shard)
    }

    #[must_use]
    pub fn holds(self, key: u64) -> bool {
        key % u64::from(self.count) + 1 == u64::from(self.number)
    }

    #[must_use]
    pub fn is_first(self) -> bool {
        self.number == 1
    }
}

impl std::error::Error for BadQuery {}

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collect(given) => write!(f, "`collect[]` is `journeys`, `steps` or `self`, not `{given}`"),
            Self::Shard(given) => {
                write!(f, "`shard` is a part and a number of parts up to {SHARDS_MAX}, such as `1/4`, not `{given}`")
            }
        }
    }
}

/// One element of an `Accept` header (RFC 9110, 12.5.1).
struct Range<'a> {
    media: &'a str,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self { media: parts.next().unwrap_or_default(), version: None, quality: 1000 };
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "version" => range.version = Some(value),
                "q" => range.quality = thousandths(value),
                _ => {}
            }
        }
        range
    }

    fn is(&self, media: &str) -> bool {
        self.media.eq_ignore_ascii_case(media)
    }
}

/// The best quality among the ranges that match; none if none does.
fn quality(ranges: &[Range<'_>], matches: impl Fn(&Range<'_>) -> bool) -> Option<u16> {
    ranges.iter().filter(|range| matches(range)).map(|range| range.quality).max()
}

/// A quality such as `0.75`, in thousandths; what is none counts as not wanted.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let valid = matches!(whole, "0" | "1") && fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    if !valid {
        return 0;
    }
    if whole == "1" { 1000 } else { digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')) }
}

fn takes_gzip(accept_encoding: Option<&str>) -> bool {
    let ranges: Vec<Range> = accept_encoding.unwrap_or_default().split(',').map(Range::parse).collect();
    let named = quality(&ranges, |range| range.is("gzip") || range.is("x-gzip"));
    named.or_else(|| quality(&ranges, |range| range.is("*"))).is_some_and(|quality| quality > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Format) {
        assert_eq!(Format::negotiate(Some(accept)), expected, "{accept}");
    }

    #[test]
    fn the_format_is_the_one_that_is_preferred() {
        use Format::{OpenMetrics, Text};
        assert_eq!(Format::negotiate(None), Text);
        check("", Text);
        check("*/*", Text);
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text);
        check("text/plain", Text);
        check("application/openmetrics-text", OpenMetrics);
        check("application/openmetrics-text; version=1.0.0; charset=utf-8", OpenMetrics);
        check("APPLICATION/OpenMetrics-Text;Version=\"1.0.0\"", OpenMetrics);
        check("application/openmetrics-text;version=0.0.1", Text);
        check("application/openmetrics-text;q=0", Text);
        check("application/openmetrics-text;q=0.5,text/plain;q=0.6", Text);
        check("application/openmetrics-text;q=0.5,text/plain;q=0.5", OpenMetrics);
        check("application/openmetrics-text;q=0.5,*/*", Text);
        check("image/png", Text);
        check("application/openmetrics-text;q=high", Text);
        // Prometheus 2 without and with native histograms, and Prometheus 3.
        check(
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OpenMetrics,
        );
        check(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
             application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OpenMetrics,
        );
        check(
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
             text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            OpenMetrics,
        );
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (header, expected) in [
            (None, false),
            (Some("gzip"), true),
            (Some("deflate, gzip;q=0.5"), true),
            (Some("gzip;q=0, *"), false),
            (Some("br;q=1.0, *;q=0.1"), true),
            (Some("identity"), false),
        ] {
            assert_eq!(takes_gzip(header), expected, "{header:?}");
        }
    }

    #[test]
    fn the_query_chooses_parts() {
        let parse = |query| ScrapeRequest::from_http(None, None, Some(query));
        assert_eq!(parse(""), Ok(ScrapeRequest::default()));
        let both = parse("collect%5B%5D=journeys&collect[]=self&other=1").expect("a good query").collect;
        assert_eq!(both, Collect { journeys: true, steps: false, own: true });
        assert_eq!(parse("shard=2/5").expect("a good query").shard, Some(Shard { number: 2, count: 5 }));
        for (query, message) in [
            ("collect[]=step", "`collect[]` is `journeys`, `steps` or `self`, not `step`"),
            ("shard=0/5", "`shard` is a part and a number of parts up to 1000, such as `1/4`, not `0/5`"),
            ("shard=6/5", "`shard` is a part and a number of parts up to 1000, such as `1/4`, not `6/5`"),
        ] {
            assert_eq!(parse(query).map_err(|bad| bad.to_string()), Err(message.to_owned()));
        }
    }
}
