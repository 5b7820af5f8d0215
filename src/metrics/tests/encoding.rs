//! The writer against an independent one, and the ways a scrape is cut and packed.

use std::collections::BTreeSet;
use std::io::Read as _;

use flate2::read::GzDecoder;
use prometheus::core::Collector;
use prometheus::{Encoder as _, Gauge, Histogram, HistogramOpts, IntCounter, Opts, Registry, TextEncoder};
use proptest::prelude::*;

use super::coverage::busy;
use super::sample::{exposed, journey, loaded, text, written};
use crate::metrics::catalogue::Kind;
use crate::metrics::encoder::{CHUNK_BYTES, Encoder};
use crate::metrics::own::write_family;
use crate::metrics::scrape::{Collect, Format, ScrapeRequest, Shard};

/// Our text of what a registry gathered.
fn ours(registry: &Registry, kind: Kind) -> String {
    let mut bytes = Vec::new();
    let mut sink = |chunk: &[u8]| {
        bytes.extend_from_slice(chunk);
        Ok(())
    };
    let mut out = Encoder::new(Format::Text, &mut sink);
    for family in registry.gather() {
        out.family(family.name(), kind, family.help());
        write_family(&mut out, kind, &family);
    }
    out.finish().expect("memory takes everything");
    String::from_utf8(bytes).expect("text")
}

fn theirs(registry: &Registry) -> String {
    let mut bytes = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut bytes).expect("encodable");
    String::from_utf8(bytes).expect("text")
}

#[track_caller]
fn check(kind: Kind, metrics: Vec<Box<dyn Collector>>) {
    let registry = Registry::new();
    for metric in metrics {
        // Two equal sets of labels are refused, which is right.
        let _ = registry.register(metric);
    }
    assert_eq!(ours(&registry, kind), theirs(&registry));
}

fn opts(help: &str, a: &str, b: &str) -> Opts {
    Opts::new("some_metric", help).const_label("a", a).const_label("b", b)
}

proptest! {
    #[test]
    fn gauges_read_like_those_of_the_crate(
        help in "\\PC+|[a\\\\\n\"]{1,8}",
        series in proptest::collection::vec(("[a\\\\\n\"é]{0,6}", "\\PC*", -1e12..1e12_f64), 1..5),
    ) {
        check(Kind::Gauge, series.iter().map(|(a, b, value)| {
            let gauge = Gauge::with_opts(opts(&help, a, b)).expect("valid");
            gauge.set(*value);
            Box::new(gauge) as Box<dyn Collector>
        }).collect());
    }

    #[test]
    fn counters_read_like_those_of_the_crate(a in "\\PC*", value in 0..1_u64 << 52) {
        let counter = IntCounter::with_opts(opts("help", &a, "")).expect("valid");
        counter.inc_by(value);
        check(Kind::Counter, vec![Box::new(counter)]);
    }

    #[test]
    fn histograms_read_like_those_of_the_crate(
        a in "\\PC*",
        bounds in proptest::collection::btree_set(0..1000_u32, 1..6),
        values in proptest::collection::vec(0..1000_u32, 0..40),
    ) {
        // Halves are exact; whole bounds are where the crate is wrong, see below.
        let bounds = bounds.iter().map(|bound| f64::from(*bound) + 0.5).collect();
        let histogram = Histogram::with_opts(HistogramOpts::from(opts("help", &a, "")).buckets(bounds)).expect("valid");
        for value in &values {
            histogram.observe(f64::from(*value) / 2.0);
        }
        check(Kind::Histogram, vec![Box::new(histogram)]);
    }
}

#[test]
fn whole_bounds_are_spelled_as_floats_in_both_formats() {
    let metrics = busy();
    for format in [Format::Text, Format::OpenMetrics] {
        let text = text(&metrics, format);
        for le in ["le=\"1.0\"", "le=\"0.1\"", "le=\"30.0\"", "le=\"+Inf\""] {
            assert!(text.contains(le), "{le}");
        }
        assert!(!text.contains("le=\"1\""));
    }
}

#[test]
fn gzip_holds_the_same_text() {
    let metrics = busy();
    let plain = ScrapeRequest { collect: Collect { own: false, ..Collect::ALL }, ..ScrapeRequest::default() };
    let packed = written(&metrics, &ScrapeRequest { gzip: true, ..plain });
    let mut text = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut text).expect("gzip");
    assert_eq!(text, written(&metrics, &plain));
}

#[test]
fn groups_and_shards_together_are_the_whole() {
    let definitions: Vec<_> = (0..50).map(|number| journey(&format!("j{number}"), &["one"])).collect();
    let metrics = loaded(&definitions);
    let series = |request: ScrapeRequest| {
        let text = String::from_utf8(written(&metrics, &request)).expect("text");
        super::reading::read(&text).samples.iter().map(super::reading::Sample::series).collect::<BTreeSet<_>>()
    };
    let none = Collect { journeys: false, steps: false, own: false };
    let groups = [Collect { journeys: true, ..none }, Collect { steps: true, ..none }, Collect { own: true, ..none }];
    let groups = groups.map(|collect| series(ScrapeRequest { collect, ..ScrapeRequest::default() }));
    let shards = [1, 2, 3].map(|number| Some(Shard { number, count: 3 }));
    let shards = shards.map(|shard| series(ScrapeRequest { shard, ..ScrapeRequest::default() }));
    let whole = series(ScrapeRequest::default());
    for parts in [groups, shards] {
        assert!(parts.iter().all(|part| part.len() > 20));
        assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), whole.len(), "no series in two parts");
        assert_eq!(parts.iter().flatten().cloned().collect::<BTreeSet<_>>(), whole);
    }
}

#[test]
fn five_thousand_entries_with_six_steps_come_in_chunks() {
    let ids = ["1", "2", "3", "4", "5", "6"];
    let definitions: Vec<_> = (0..5_000).map(|number| journey(&format!("journey-{number}"), &ids)).collect();
    let metrics = loaded(&definitions);
    let (mut chunks, mut longest, mut lines) = (0, 0, 0);
    let mut sink = |chunk: &[u8]| {
        chunks += 1;
        longest = longest.max(chunk.len());
        lines += chunk.split(|byte| *byte == b'\n').count() - 1;
        Ok(())
    };
    metrics.write(&ScrapeRequest::default(), &mut sink).expect("counting takes everything");
    assert!(lines > 150_000 && chunks > 100, "{lines} lines in {chunks} chunks");
    assert!(longest < 2 * CHUNK_BYTES, "{longest}");
}

#[test]
fn a_sink_that_fails_ends_the_scrape() {
    let definitions: Vec<_> = (0..2_000).map(|number| journey(&format!("j{number}"), &["one"])).collect();
    let metrics = loaded(&definitions);
    for gzip in [false, true] {
        let mut calls = 0;
        let mut sink = |_: &[u8]| {
            calls += 1;
            Err(std::io::ErrorKind::BrokenPipe.into())
        };
        let ended = metrics.write(&ScrapeRequest { gzip, ..ScrapeRequest::default() }, &mut sink);
        assert_eq!(ended.map_err(|error| error.kind()), Err(std::io::ErrorKind::BrokenPipe));
        assert_eq!(calls, 1);
    }
}

#[test]
fn a_build_has_one_series() {
    let exposed = exposed(&loaded(&[]));
    let labels = r#"branch="main",revision="abc",rustversion="1.95",target="x86_64",version="0.1.0""#;
    assert_eq!(exposed.get(&format!("forerunner_build_info{{{labels}}}")), Some(1.0));
}
