//! The parts that boards are built from, as Grafana reads them: boards, rows, panels, variables.

use serde_json::{Value as Json, json};

/// The newest schema that Grafana 9.3 knows; later ones migrate it when they load it.
const SCHEMA: u64 = 37;
/// A board is this wide.
const COLUMNS: u64 = 24;
/// Fields beside each other in half of a narrow window.
const FIELDS_MAX: u64 = 100;

/// In queries `{S}` stands for the series of the chosen journeys, `{A}` for all of the chosen daemons; more matchers may
/// follow after a comma.
pub struct Board {
    pub uid: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// How far back it looks at first.
    pub from: &'static str,
    /// How one journey, or many, are matched.
    pub journey: &'static str,
    pub variables: Vec<Json>,
    pub rows: Vec<(&'static str, Vec<Panel>)>,
}

/// What a threshold turns to, and from which value on; the first holds below all others.
pub type Steps = &'static [(&'static str, f64)];

pub struct Panel {
    title: &'static str,
    about: &'static str,
    kind: &'static str,
    unit: &'static str,
    size: (u64, u64),
    targets: Vec<Target>,
    options: Json,
    custom: Json,
    steps: Steps,
    /// Further keys of the field defaults.
    defaults: Vec<(&'static str, Json)>,
    overrides: Vec<Json>,
    transformations: Vec<Json>,
    links: Vec<Json>,
}

struct Target {
    query: &'static str,
    legend: &'static str,
    format: &'static str,
    instant: bool,
    exemplars: bool,
}

const NEUTRAL: Steps = &[("text", f64::NEG_INFINITY)];

pub fn source() -> Json {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Board {
    /// The text of its file.
    pub fn file(&self) -> String {
        serde_json::to_string_pretty(&self.json()).expect("a board has only text for keys") + "\n"
    }

    fn json(&self) -> Json {
        let mut panels = Vec::new();
        let mut y = 0;
        for (title, row) in &self.rows {
            let grid = json!({ "h": 1, "w": COLUMNS, "x": 0, "y": y });
            panels.push(json!({ "type": "row", "title": title, "collapsed": false, "gridPos": grid, "panels": [] }));
            y += 1;
            let (mut x, mut height) = (0, 0);
            for panel in row {
                let (w, h) = panel.size;
                if x + w > COLUMNS {
                    (x, y, height) = (0, y + height, 0);
                }
                panels.push(panel.json(self, &json!({ "h": h, "w": w, "x": x, "y": y })));
                (x, height) = (x + w, h.max(height));
            }
            y += height;
        }
        for (index, panel) in panels.iter_mut().enumerate() {
            panel["id"] = json!(index + 1);
        }
        json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": ["forerunner"],
            "schemaVersion": SCHEMA,
            "editable": false,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": "1m",
            "time": { "from": self.from, "to": "now" },
            "links": links(),
            "templating": { "list": self.variables },
            "annotations": { "list": annotations().into_iter().map(|(name, color, time, expr, text)| json!({
                "name": name, "enable": true, "hide": false, "iconColor": color, "datasource": source(),
                "expr": self.query(expr), "titleFormat": name, "textFormat": text, "step": "60s",
                "useValueForTime": if time { "on" } else { "" },
            })).collect::<Vec<_>>() },
            "panels": panels,
        })
    }

    /// A query with its shorthands written out.
    fn query(&self, text: &str) -> String {
        let daemons = r#"{job=~"$job",instance=~"$instance""#;
        text.replace("{S", &format!("{daemons},{}", self.journey)).replace("{A", daemons)
    }
}

fn links() -> Json {
    let link = |title: &str, path: &str| {
        json!({
            "type": "link", "title": title, "url": format!("${{forerunner_url}}{path}"), "icon": "external link",
            "tooltip": "A page of the daemon", "targetBlank": true, "tags": [],
            "asDropdown": false, "includeVars": false, "keepTime": false,
        })
    };
    json!([
        {
            "type": "dashboards", "title": "Boards", "tags": ["forerunner"], "icon": "dashboard", "url": "",
            "tooltip": "", "targetBlank": false, "asDropdown": false, "includeVars": true, "keepTime": true,
        },
        link("Journeys and runs", "/"),
        link("Incidents", "/incidents"),
    ])
}

/// Name, colour, whether the value is the time in milliseconds, query, text.
fn annotations() -> [(&'static str, &'static str, bool, &'static str, &'static str); 3] {
    [
        (
            "Incident open",
            "red",
            false,
            r#"sum by (severity) (forerunner_incidents_open{A,state!="suspect"}) > 0"#,
            "{{severity}}",
        ),
        (
            "Configuration loaded",
            "blue",
            true,
            "1000 * max by (instance) (forerunner_config_last_reload_success_timestamp_seconds{A})",
            "{{instance}}",
        ),
        (
            "Definition changed",
            "purple",
            true,
            "1000 * max by (journey) (forerunner_journey_definition_changed_timestamp_seconds{S})",
            "{{journey}}",
        ),
    ]
}

impl Panel {
    fn new(kind: &'static str, title: &'static str, about: &'static str, options: Json) -> Self {
        Self {
            title,
            about,
            kind,
            unit: "short",
            size: (12, 8),
            targets: Vec::new(),
            options,
            custom: json!({}),
            steps: NEUTRAL,
            defaults: Vec::new(),
            overrides: Vec::new(),
            transformations: Vec::new(),
            links: Vec::new(),
        }
    }

    /// One number.
    pub fn stat(title: &'static str, about: &'static str, query: &'static str) -> Self {
        let mut panel = Self::new(
            "stat",
            title,
            about,
            json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false }, "orientation": "auto",
                "textMode": "auto", "colorMode": "value", "graphMode": "none", "justifyMode": "auto",
            }),
        );
        panel.size = (4, 4);
        panel.now(query, "")
    }

    /// Curves over time.
    pub fn curves(title: &'static str, about: &'static str) -> Self {
        let mut panel = Self::new(
            "timeseries",
            title,
            about,
            json!({
                "legend": { "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": [] },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
        );
        panel.custom = json!({
            "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 0,
            "showPoints": "auto", "spanNulls": false, "stacking": { "mode": "none", "group": "A" },
        });
        panel.default("min", json!(0))
    }

    /// Curves on top of each other.
    pub fn stack(title: &'static str, about: &'static str) -> Self {
        let mut panel = Self::curves(title, about);
        panel.custom["fillOpacity"] = json!(40);
        panel.custom["stacking"]["mode"] = json!("normal");
        panel
    }

    /// A band of coloured states for each series.
    pub fn states(title: &'static str, about: &'static str) -> Self {
        let panel = Self::new(
            "state-timeline",
            title,
            about,
            json!({
                "mergeValues": true, "showValue": "never", "alignValue": "left", "rowHeight": 0.8,
                "legend": { "showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": [] },
                "tooltip": { "mode": "single", "sort": "none" },
            }),
        );
        Self { custom: json!({ "fillOpacity": 80, "lineWidth": 0 }), ..panel }
    }

    /// A field for each series and moment.
    pub fn fields(title: &'static str, about: &'static str) -> Self {
        let panel = Self::new(
            "status-history",
            title,
            about,
            json!({
                "showValue": "never", "rowHeight": 0.9, "colWidth": 0.9,
                "legend": { "showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": [] },
                "tooltip": { "mode": "single", "sort": "none" },
            }),
        );
        Self { custom: json!({ "fillOpacity": 80, "lineWidth": 1 }), ..panel }
    }

    /// A bar for each series, of what holds at the end.
    pub fn bars(title: &'static str, about: &'static str) -> Self {
        let panel = Self::new(
            "bargauge",
            title,
            about,
            json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "orientation": "horizontal", "displayMode": "basic", "showUnfilled": true, "minVizWidth": 0,
                "minVizHeight": 10,
            }),
        );
        panel.default("min", json!(0))
    }

    /// How many of what length, over time.
    pub fn heat(title: &'static str, about: &'static str) -> Self {
        Self::new(
            "heatmap",
            title,
            about,
            json!({
                "calculate": false, "cellGap": 1, "yAxis": { "axisPlacement": "left", "unit": "s" },
                "color": {
                    "mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange",
                    "reverse": false,
                },
                "exemplars": { "color": "rgba(255,0,255,0.7)" }, "filterValues": { "le": 1e-9 },
                "rowsFrame": { "layout": "auto" }, "legend": { "show": true },
                "tooltip": { "show": true, "mode": "single", "yHistogram": true },
            }),
        )
    }

    pub fn table(title: &'static str, about: &'static str) -> Self {
        let panel = Self::new("table", title, about, json!({ "showHeader": true }));
        Self { custom: json!({ "align": "auto", "filterable": false }), ..panel }
    }

    /// A query whose answer is a curve for each series.
    pub fn query(mut self, query: &'static str, legend: &'static str) -> Self {
        self.targets.push(Target { query, legend, format: "time_series", instant: false, exemplars: false });
        self
    }

    /// The same, with points that lead to single runs.
    pub fn exemplars(mut self, query: &'static str, legend: &'static str) -> Self {
        let format = if self.kind == "heatmap" { "heatmap" } else { "time_series" };
        self.targets.push(Target { query, legend, format, instant: false, exemplars: true });
        self
    }

    /// A query for what holds at the end of the chosen time.
    pub fn now(mut self, query: &'static str, legend: &'static str) -> Self {
        let format = if self.kind == "table" { "table" } else { "time_series" };
        self.targets.push(Target { query, legend, format, instant: true, exemplars: false });
        self
    }

    /// Of Grafana's units.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Columns of the 24, and height in the same measure as Grafana's.
    pub fn size(self, width: u64, height: u64) -> Self {
        Self { size: (width, height), ..self }
    }

    pub fn steps(self, steps: Steps) -> Self {
        Self { steps, ..self }
    }

    pub fn default(mut self, key: &'static str, value: Json) -> Self {
        self.defaults.push((key, value));
        self
    }

    /// What is shown where nothing has happened.
    pub fn nothing(self, text: &'static str) -> Self {
        self.default("noValue", json!(text))
    }

    /// Words and colours for single values.
    pub fn words(self, words: &[(u8, &str, &str)]) -> Self {
        self.default("mappings", mappings(words))
    }

    /// Which columns a table shows, in this order, and as what; the others are left out.
    pub fn columns(mut self, columns: &[(&str, &str)]) -> Self {
        let names: serde_json::Map<_, _> = columns.iter().map(|(from, to)| ((*from).to_owned(), json!(to))).collect();
        let order: serde_json::Map<_, _> =
            columns.iter().enumerate().map(|(index, (from, _))| ((*from).to_owned(), json!(index))).collect();
        let kept: Vec<_> = columns.iter().map(|(from, _)| *from).collect();
        if self.targets.len() > 1 {
            self.transformations.push(json!({ "id": "merge", "options": {} }));
        }
        self.transformations.push(json!({ "id": "filterFieldsByName", "options": { "include": { "names": kept } } }));
        self.transformations.push(json!({
            "id": "organize", "options": { "excludeByName": {}, "indexByName": order, "renameByName": names },
        }));
        self
    }

    /// Says more about one column.
    pub fn column(mut self, name: &str, properties: &[(&str, Json)]) -> Self {
        let properties: Vec<_> = properties.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect();
        self.overrides.push(json!({ "matcher": { "id": "byName", "options": name }, "properties": properties }));
        self
    }

    /// Leads on: for a click on a series, or on the panel's title where it has none.
    pub fn link(mut self, title: &str, url: &str) -> Self {
        self.links.push(link(title, url));
        self
    }

    fn json(&self, board: &Board, grid: &Json) -> Json {
        let mut defaults = json!({
            "unit": self.unit, "color": { "mode": self.coloring() }, "custom": self.custom,
            "thresholds": thresholds(self.steps), "mappings": [], "links": self.links,
        });
        for (key, value) in &self.defaults {
            defaults[*key] = value.clone();
        }
        let targets = self.targets.iter().zip('A'..).map(|(target, id)| target.json(board, id)).collect::<Vec<_>>();
        let mut panel = json!({
            "type": self.kind, "title": self.title, "description": self.about, "datasource": source(),
            "gridPos": grid, "targets": targets, "options": self.options,
            "fieldConfig": { "defaults": defaults, "overrides": self.overrides },
        });
        if self.kind == "timeseries" && self.steps != NEUTRAL {
            panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = json!({ "mode": "line" });
        }
        if !self.transformations.is_empty() {
            panel["transformations"] = json!(self.transformations);
        }
        if self.targets.iter().any(Target::looks_back) {
            panel["interval"] = json!("${min_step}s");
        }
        if self.kind == "stat" && self.steps != NEUTRAL {
            panel["options"]["colorMode"] = json!("background");
        }
        if self.kind == "status-history" {
            panel["maxDataPoints"] = json!(FIELDS_MAX);
        }
        panel
    }

    fn coloring(&self) -> &'static str {
        if self.kind == "timeseries" { "palette-classic" } else { "thresholds" }
    }
}

impl Target {
    fn json(&self, board: &Board, id: char) -> Json {
        let mut target = json!({
            "refId": id.to_string(), "datasource": source(), "editorMode": "code", "expr": board.query(self.query),
            "format": self.format, "instant": self.instant, "range": !self.instant, "exemplar": self.exemplars,
            "legendFormat": self.legend,
        });
        if self.looks_back() {
            target["interval"] = json!("${min_step}s");
        }
        target
    }

    /// Whether it looks back from each moment by what Grafana finds right. A step below the time between two runs would
    /// then show holes between them.
    fn looks_back(&self) -> bool {
        ["$__rate_interval", "$__interval"].iter().any(|span| self.query.contains(span))
    }
}

pub fn link(title: &str, url: &str) -> Json {
    json!({ "title": title, "url": url, "targetBlank": url.starts_with("${") })
}

pub fn thresholds(steps: Steps) -> Json {
    let step = |(color, from): &(&str, f64)| json!({ "color": color, "value": from.is_finite().then_some(from) });
    json!({ "mode": "absolute", "steps": steps.iter().map(step).collect::<Vec<_>>() })
}

pub fn mappings(words: &[(u8, &str, &str)]) -> Json {
    let options: serde_json::Map<_, _> = words
        .iter()
        .enumerate()
        .map(|(index, (value, text, color))| {
            (value.to_string(), json!({ "text": text, "color": color, "index": index }))
        })
        .collect();
    json!([{ "type": "value", "options": options }])
}

/// The data source, the daemons and what they are called, and where their pages are.
pub fn variables(interval: &str) -> Vec<Json> {
    let job = "label_values(forerunner_build_info, job)";
    let instance = r#"label_values(forerunner_build_info{job=~"$job"}, instance)"#;
    // Without `external-url` it is the address where a daemon listens by default.
    let pages = r#"query_result(forerunner_instance_info{job=~"$job",instance=~"$instance"} or on () label_replace(vector(1), "external_url", "http://127.0.0.1:9797", "", ""))"#;
    vec![
        json!({
            "type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "",
            "refresh": 1, "hide": 0, "multi": false, "includeAll": false, "options": [], "current": {},
            "skipUrlSync": false,
        }),
        many("job", "Job", job),
        many("instance", "Vantage point", instance),
        hidden("forerunner_url", pages, r#"/external_url="([^"]+)"/"#),
        hidden("min_step", interval, r"/ (\d+(?:\.\d+)?) /"),
    ]
}

/// A choice of several values, at first all of them.
pub fn many(name: &str, label: &str, query: &str) -> Json {
    let mut variable = one(name, label, query);
    variable["multi"] = json!(true);
    variable["includeAll"] = json!(true);
    variable["allValue"] = json!(".+");
    variable["current"] = json!({ "selected": true, "text": ["All"], "value": ["$__all"] });
    variable
}

/// A choice of one value.
pub fn one(name: &str, label: &str, query: &str) -> Json {
    json!({
        "type": "query", "name": name, "label": label, "datasource": source(), "definition": query,
        "query": { "query": query, "refId": "StandardVariableQuery" }, "regex": "", "refresh": 2, "sort": 1,
        "hide": 0, "multi": false, "includeAll": false, "options": [], "current": {}, "skipUrlSync": false,
    })
}

/// What is found out and not chosen.
fn hidden(name: &str, query: &str, regex: &str) -> Json {
    let mut variable = one(name, name, query);
    variable["regex"] = json!(regex);
    variable["hide"] = json!(2);
    variable["skipUrlSync"] = json!(true);
    variable
}
